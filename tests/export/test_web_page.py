"""The folder, and the page in a real browser: what it shows, what is typed, and its requests."""

from __future__ import annotations

import numpy as np
import pytest

import elman
from elman.errors import OutputError
from elman.export import write_web
from elman.web.files import exported_files

from .conftest import copy_runtime

TEXTS = ["warm and funny", "cold and dull", "so warm", "so dull"] * 12
LABELS = ["good", "bad", "good", "bad"] * 12
expect = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect
OFFERED = "[aria-label=Suggestions] button"
FOCUSED = """(({ activeElement: node }) =>
    node.className === "suggestion" ? node.className
        : (node.labels?.[0] ?? node).firstChild.textContent)(document)"""
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def test_a_language_model_writes_and_suggests(visit, words):
    page = visit(words)
    page.fill("#text", "The cat sat on ")
    offered = page.locator(OFFERED)
    expected = [each.word for each in words.suggest("The cat sat on ", 3)]
    assert offered.all_text_contents() == expected
    offered.first.click()
    assert page.input_value("#text") == f"The cat sat on {expected[0]} "
    page.fill("#text", "The cat")
    page.get_by_label("Seed").fill("7")
    page.get_by_label("Length in tokens").fill("30")
    page.get_by_role("button", name="Generate").click()
    page.get_by_role("button", name="Continue from here").click()
    generated = words.generate("The cat", length=30, temperature=0.8, top_p=0.95, seed=7)
    assert page.input_value("#text") == "The cat" + "".join(generated)


def test_writing_can_be_stopped(visit, characters):
    page = visit(characters)
    page.get_by_label("Length in tokens").fill("1000000")
    page.get_by_role("button", name="Generate").click()
    page.wait_for_function("() => document.querySelector('#generated').textContent.length > 50")
    page.get_by_role("button", name="Stop").click()
    page.get_by_role("button", name="Generate").wait_for()
    assert 50 < len(page.locator("#generated").text_content()) < 999_999


def test_a_suggestion_replaces_letters_that_were_typed_otherwise(visit, words):
    page = visit(words)
    page.fill("#text", "The dog didnt")
    page.get_by_role("button", name="didn't", exact=True).click()
    page.wait_for_function("document.querySelector('#text').value === \"The dog didn't \"")


def test_a_key_accepts_a_suggestion(visit, words):
    page = visit(words)
    expected = [each.word for each in words.suggest("The ", 3)]
    for key, accepted in (("Alt+1", 0), ("Alt+3", 2), ("Tab", 0)):
        page.fill("#text", "The ")
        expect(page.locator(OFFERED)).to_have_text(expected)
        page.focus("#text")
        page.keyboard.press(key)
        page.wait_for_function("() => document.querySelector('#text').value.length > 4")
        assert page.input_value("#text") == f"The {expected[accepted]} ", key


def test_a_classifier_judges_as_one_types(visit):
    model = elman.Classifier(tokenizer="word", hidden_size=16, steps=60).fit(TEXTS, LABELS)
    page = visit(model)
    page.locator("#text").press_sequentially("so dull")
    first = page.locator(".probabilities li").first
    assert first.text_content().startswith("bad")
    share = model.predict_proba(["so dull"])[0].max()
    shown = first.locator(".bar").get_attribute("title").removesuffix(" %")
    assert float(shown) / 100 == pytest.approx(share, abs=6e-4)
    assert page.locator(".annotated > span").count() == 2


def test_words_are_tagged_as_they_are_typed(visit):
    words, tags = [["Ann", "saw", "New", "York", "."]] * 20, [["B-P", "O", "B-L", "I-L", "O"]] * 20
    model = elman.Tagger(hidden_size=16, steps=30).fit(words, tags)
    page = visit(model)
    page.locator("#text").press_sequentially("Ann, saw don't  York.")
    result = page.locator(".annotated > span").all_inner_texts()
    read = ["Ann", ",", "saw", "don't", "York", "."]
    (expected,) = model.predict([read])
    assert [each.split() for each in result] == list(map(list, zip(read, expected, strict=True)))
    page.fill("#text", "  ")
    assert page.locator("#tags").inner_text() == ""


def test_a_text_is_rewritten_and_its_attention_drawn(visit, keep_screenshot):
    sources = ["le chat", "la reine", "le roi"] * 16
    targets = ["the cat", "the queen", "the king"] * 16
    model = elman.Translator(tokenizer="subword", hidden_size=16, steps=40).fit(sources, targets)
    page = visit(model, width=360, height=700)
    page.locator("#text").press_sequentially("le roi ")
    (best,) = model.predict_best(["le roi"], 3, attention=True)
    page.locator(".target", has_text=best[0].text).first.wait_for()
    result = [each.rpartition(" ")[0].rpartition(" ")[0] for each in targets_in(page)]
    assert result == [each.text for each in best]
    assert page.locator(".attention tbody tr").count() == len(best[0].pieces)
    assert page.locator(".attention thead th").count() == len(best[0].source) + 1
    for look in ("light", "dark"):
        page.emulate_media(color_scheme=look)
        keep_screenshot(page, f"translator-{look}.png")
        assert page.evaluate(WIDER) == 0
    page.fill("#text", " ")
    page.locator(".target").first.wait_for(state="detached")


def test_a_forecast_is_drawn(visit, keep_screenshot):
    values = [100 + step + 20 * np.sin(step * np.pi / 6) for step in range(80)]
    model = elman.Forecaster(hidden_size=4, steps=2, horizon=6).fit(values)
    page = visit(model, width=360, height=700)
    page.locator("svg.forecast").wait_for()
    page.get_by_text("As a table").click()
    cells = page.locator("details tr td:nth-child(2)").all_inner_texts()
    expected = model.predict().median[:, 0]
    np.testing.assert_allclose(list(map(float, cells)), expected, rtol=1e-3)
    for look in ("light", "dark"):
        page.emulate_media(color_scheme=look)
        keep_screenshot(page, f"forecaster-{look}.png")
        assert page.evaluate(WIDER) == 0
    page.fill("#text", "1\n2\n3")
    page.get_by_role("button", name="Show").click()
    page.locator("#status.error").wait_for()
    assert "has 3 values; at least" in page.locator("#status").inner_text()
    page.fill("#text", "")
    page.get_by_label("Steps ahead").fill("2")
    page.get_by_role("button", name="Show").click()
    page.locator("#status.error").wait_for(state="detached")
    page.get_by_text("As a table").click()
    cells = page.locator("details tr td:nth-child(2)").all_inner_texts()
    np.testing.assert_allclose(list(map(float, cells)), expected[:2], rtol=1e-3)


def test_vectors_are_described(visit):
    names = [["north wind", "south", "far west"][index % 3] for index in range(30)]
    vectors = np.eye(3)[np.arange(30) % 3] + np.linspace(0, 0.1, 30)[:, None]
    model = elman.Describer(tokenizer="character", hidden_size=8, steps=12).fit(vectors, names)
    page = visit(model, width=360, height=700)
    page.fill("#text", "1, 0, 0\n0 1 0")
    page.get_by_role("button", name="Show").click()
    page.locator(".target").nth(1).wait_for()
    expected = model.predict([[1, 0, 0], [0, 1, 0]])
    for result, text in zip(targets_in(page), expected, strict=True):
        assert result.startswith(text)
    assert page.evaluate(WIDER) == 0
    page.fill("#text", "1 2")
    page.get_by_role("button", name="Show").click()
    page.locator("#status.error").wait_for()
    assert "vectors of 3 numbers" in page.locator("#status").inner_text()


def targets_in(page):
    return page.locator(".target").all_inner_texts()


def test_at_phone_width_by_keyboard(visit, words):
    page = visit(words, width=320, height=640)
    assert page.evaluate(WIDER) == 0
    reached = []
    for _ in range(10):
        page.keyboard.press("Escape")  # so that Tab accepts no suggestion
        page.keyboard.press("Tab")
        reached.append(page.evaluate(FOCUSED))
    assert reached[0] == "Text"
    assert reached[1:4] == ["suggestion"] * 3
    fields = ["New text", "Generate", "Temperature", "Top-p", "Length in tokens", "Seed"]
    assert reached[4:] == fields
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        paper, ink = (
            page.evaluate(f"getComputedStyle(document.body).{name}.match(/[0-9]+/g).map(Number)")
            for name in ("backgroundColor", "color")
        )
        assert (sum(paper) > sum(ink)) == (scheme == "light")


def test_a_file_that_is_no_model_is_reported(chromium, site):
    folder, address = site
    page = chromium.new_page()
    copy_runtime(folder)
    (folder / "model.safetensors").write_bytes(b"no model")
    (folder / "cell.json").write_text("{}")
    page.goto(f"{address}/index.html")
    page.get_by_text("The model file cannot be used").wait_for()
    page.close()


def test_the_folder(tmp_path, words):
    words.save(tmp_path / "model.st", int8=True)
    files = write_web(tmp_path / "model.st", tmp_path / "a" / "page")
    folder = tmp_path / "a" / "page"
    names = {file.relative_to(folder).as_posix() for file in files}
    assert files[0].name == "index.html"
    assert {
        "tokens.css",
        "runtime/model.js",
        "runtime/tagger.js",
        "model.safetensors",
        "cell.json",
    } < names
    assert not any(name.startswith("playground/") for name in names)
    assert {file for file in folder.rglob("*") if file.is_file()} == set(files)
    model = folder / "model.safetensors"
    assert model.read_bytes() == (tmp_path / "model.st").read_bytes()
    assert elman.load(model).int8_


def test_nothing_in_a_folder_is_written_over(tmp_path, words):
    words.save(tmp_path / "model.st")
    with pytest.raises(OutputError, match="this folder is not empty"):
        write_web(tmp_path / "model.st", tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["model.st"]
    with pytest.raises(OutputError, match="the folder cannot be created"):
        write_web(tmp_path / "model.st", tmp_path / "model.st")


def test_the_modules_ask_nothing_of_elsewhere():
    for name, file in exported_files().items():
        text = file.read_text()
        for known in ("https://github.com/huggingface/safetensors", "http://www.w3.org/2000/svg"):
            text = text.replace(known, "")
        for outside in ("//cdn", "https://", "http://", "eval(", "innerHTML", "new Function"):
            assert outside not in text, (name, outside)
