"""The playground of a real server, in a browser: each model used as what it is."""

from __future__ import annotations

import re
import urllib.request

import pytest

expect = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect


@pytest.fixture
def playing(opened, served):
    """The playground with a model chosen."""

    def play(name, **settings):
        return opened(f"{served}/#{name}", **settings).page

    return play


def share(text):
    return float(re.search(r"([\d.]+) %", text).group(1)) / 100


def test_a_text_is_judged_as_it_grows(playing, classifier):
    page = playing("classifier")
    page.type("#text", "fine and dull")
    expect(page.locator(".annotated > span")).to_have_count(3)
    wanted = dict(
        zip(
            classifier.classes_,
            classifier.predict_proba(["fine and dull"])[0],
            strict=True,
        )
    )
    best = max(wanted, key=wanted.get)
    first = page.locator("ul.probabilities li").first.text_content()
    assert first.startswith(best)
    assert share(first) == pytest.approx(wanted[best], abs=0.006)
    grown = classifier.predict_proba(["fine", "fine and", "fine and dull"])
    column = list(classifier.classes_).index(best)
    shown = [
        share(each.get_attribute("title")) for each in page.query_selector_all(".annotated .bar")
    ]
    assert shown == pytest.approx(grown[:, column].tolist(), abs=0.002)
    assert "<img src=x onerror=" in page.locator("ul.probabilities").text_content()
    assert page.locator("img").count() == 0


def test_the_explanation_is_one_click_away(playing, keep_screenshot):
    page = playing("classifier")
    page.fill("#text", "fine and dull it was")
    page.get_by_role("button", name="Explain").click()
    page.locator("button.token").nth(4).wait_for()
    assert page.locator(".piece").all_text_contents() == ["fine", "and", "dull", "it", "was"]
    page.get_by_label("Word", exact=True).fill("3")
    page.get_by_role("button", name="Swap with the next").click()
    page.locator(".comparison").wait_for()
    assert page.locator("#changed").input_value() == "fine and it dull was"
    page.get_by_label("Word", exact=True).fill("2")
    page.get_by_role("button", name="Remove it").click()
    expect(page.locator(".compared .unmatched")).to_have_count(1)
    assert page.locator("#changed").input_value() == "fine dull it was"
    keep_screenshot(page, "playground-classifier.png")


def test_words_are_tagged(playing, tagger):
    page = playing("tags")
    page.type("#text", "the cat sat")
    expect(page.locator(".annotated > span")).to_have_count(3)
    tags = page.locator(".annotated small").all_text_contents()
    assert tags == list(tagger.predict([["the", "cat", "sat"]])[0])


def test_text_is_written_with_sliders(playing, writer):
    """The same text as Python's with the same settings."""
    page = playing("words")
    page.fill("#text", "The cat")
    page.get_by_label("Length in tokens").fill("20")
    page.get_by_label("Temperature").fill("0.5")
    page.get_by_label("Seed").fill("7")
    page.get_by_role("button", name="Generate").click()
    page.get_by_role("button", name="Generate").wait_for()
    wanted = "".join(writer.generate("The cat", length=20, temperature=0.5, top_p=0.95, seed=7))
    expect(page.locator("#generated")).to_have_text(f"The cat{wanted}")
    expect(page.locator("#text")).to_have_value("The cat")


def test_writing_is_stopped(playing):
    """At once: what was asked for is written no further, and that is no failure."""
    page = playing("words")
    page.get_by_label("Length in tokens").fill("2000")
    write = page.get_by_role("button", name="Generate")
    write.evaluate("button => { button.click(); button.click(); }")
    expect(write).to_have_text("Generate")
    page.wait_for_timeout(300)
    assert page.locator("#generated").text_content() == ""
    assert page.locator(".error").count() == 0


def test_a_text_is_translated(playing, translator):
    page = playing("french")
    page.fill("#text", "le roi")
    page.locator(".target.best").wait_for()
    (best,) = translator.predict_best(["le roi"], 1)[0]
    assert page.locator(".target.best").text_content().startswith(best.text)
    assert page.locator(".attention tbody tr").count() == len(best.pieces)


def test_a_forecast_is_drawn(playing, forecaster, keep_screenshot):
    page = playing("numbers")
    page.locator("svg.forecast").wait_for()
    page.get_by_text("As a table").click()
    wanted = forecaster.predict().median[:, 0]
    result = [float(each) for each in page.locator("td:nth-child(2)").all_text_contents()]
    assert result == pytest.approx(wanted.tolist(), rel=1e-3)
    page.fill("#text", "\n".join(str(100 + step) for step in range(60)))
    page.get_by_label("Steps ahead").fill("3")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("td:nth-child(2)")).to_have_count(3)
    page.fill("#text", "")
    page.get_by_role("button", name="Explain").click()
    page.locator("button.token").first.wait_for()
    trace = forecaster.explain()
    assert page.locator(".piece").all_text_contents()[: len(trace.sequences[0].tokens)] == list(
        trace.sequences[0].tokens
    )
    keep_screenshot(page, "playground-forecast.png")


def test_a_vector_is_described(playing, describer, keep_screenshot):
    page = playing("winds")
    page.fill("#text", "0 1 0")
    page.get_by_role("button", name="Show").click()
    page.locator(".target.best").wait_for()
    assert page.locator(".target.best").text_content().startswith(describer.predict([[0, 1, 0]])[0])
    page.get_by_role("button", name="Explain").click()
    page.locator("button.token").first.wait_for()
    assert page.locator(".piece").all_text_contents()[:3] == ["0", "1", "0"]
    keep_screenshot(page, "playground-vector.png")


def test_by_keys_and_on_a_phone(playing):
    """Every model is reached by Tab and Enter; nothing is wider than 360 pixels."""
    page = playing("classifier", width=360, look="dark")
    page.locator("#text").wait_for()
    names = ["classifier", "tags", "words", "french", "numbers", "winds"]
    for name in names:
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.getAttribute('href')") == f"#{name}"
    page.keyboard.press("Enter")
    page.get_by_text("Describes vectors in words.").wait_for()
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline != "none"
    for name in names:
        page.click(f"nav a[href='#{name}']")
        expect(page.locator(f"nav a[href='#{name}']")).to_have_attribute("aria-current", "true")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, name


def test_the_policy(served):
    with urllib.request.urlopen(f"{served}/", timeout=10) as answer:
        policy = answer.headers["content-security-policy"]
        page = answer.read().decode()
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"\son\w+=|style=|<script>", page)
