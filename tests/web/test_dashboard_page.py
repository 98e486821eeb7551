"""A training watched live, in a browser: its curve, its baseline, what it answers, its end."""

from __future__ import annotations

import random

import numpy as np
import pytest

from commands import Process

pytest.importorskip("fastapi", reason="the extra serve is not installed")
expect = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect

HOSTILE = "<img src=x onerror=hacked=1>"
WHO, DID = ["the cat", "a bird", "my friend", HOSTILE], ["sat there", "went off", "fell down"]


def reviews(folder):
    draw = random.Random(2).choice
    words = {"good": ["warm", "fine", "funny"], HOSTILE: ["dull", "cold", "slow"]}
    rows = [
        f"{draw(WHO)} was {draw(words[label])} and {draw(words[label])},{label}\n"
        for label in [draw(list(words)) for _ in range(300)]
    ]
    (folder / "reviews.csv").write_text("text,label\n" + "".join(rows), encoding="utf-8")
    return "reviews.csv", "--tokenizer", "word"


def tale(folder):
    draw = random.Random(1).choice
    lines = "".join(f"{draw(WHO)} {draw(DID)} and {draw(DID)}.\n" for _ in range(600))
    (folder / "tale.txt").write_text(lines, encoding="utf-8")
    return "tale.txt", "--hidden-size", "32", "--cell", "lstm"


def tags(folder):
    draw = random.Random(3).choice
    text = "".join(
        f"{HOSTILE.split()[0]}\tX\n{draw(['a', 'the'])}\tDET\ncat\tNOUN\n\n" for _ in range(99)
    )
    (folder / "tags.conll").write_text(text, encoding="utf-8")
    return "tags.conll", "--hidden-size", "16"


def pairs(folder):
    draw = random.Random(4).choice
    words = {"le chat": "the cat", "la reine": "the queen", "un roi": "a king"}
    both = [(draw(list(words)), draw(["dort", "court"])) for _ in range(300)]
    verbs = {"dort": "sleeps", "court": "runs"}
    rows = [
        f"{who} {did} {n}\t{words[who]} {verbs[did]} {n}\n" for n, (who, did) in enumerate(both)
    ]
    (folder / "pairs.tsv").write_text("fr\ten\n" + "".join(rows), encoding="utf-8")
    return "pairs.tsv", "--task", "translate", "--tokenizer", "character", "--hidden-size", "16"


def numbers(folder):
    values = 100 + np.arange(160) + 30 * np.sin(np.arange(160) * np.pi / 6)
    rows = "".join(
        f"{2000 + n // 12}-{n % 12 + 1:02},{value:.2f}\n" for n, value in enumerate(values)
    )
    (folder / "sold.csv").write_text("month,sold\n" + rows, encoding="utf-8")
    return "sold.csv", "--hidden-size", "8"


@pytest.fixture
def training(tmp_path):
    """Begin to train for so many seconds; the address at which that is watched."""
    started = []

    def begin(made, seconds=1.5):
        words = ("--minutes", str(seconds / 60), "--watch", "-o", "new.safetensors")
        process = Process("train", *made(tmp_path), *words, cwd=tmp_path)
        started.append(process)
        first = next(line for line in map(bytes.decode, process.stderr) if "Watch it at " in line)
        return first.rpartition("Watch it at ")[2].strip()

    yield begin
    for process in started:
        _, errors = process.communicate(timeout=60)
        process.close()
        assert process.returncode == 0, errors


def test_a_language_model_is_watched(opened, training, keep_screenshot):
    page = opened(training(tale, 4.0)).page
    expect(page.locator("#run")).to_have_text("new.safetensors")
    expect(page.locator(".held-out[points]")).to_have_count(1, timeout=15_000)
    expect(page.locator(".legend")).to_contain_text("baseline: Kneser-Ney, order 5")
    assert page.locator("polyline.of-baseline").count() == 1
    expect(page.locator(".generated .prompt")).to_be_visible()
    left = page.locator(".metrics div", has_text="time left").locator("dd").text_content()
    assert left.endswith(" s") or left == "none"  # of a machine that is slow today
    keep_screenshot(page, "watching.png")
    page.get_by_text("The model is trained and saved").wait_for(timeout=30_000)
    expect(page.locator("#results code").first).to_have_text("elman serve new.safetensors")
    assert len(page.locator("polyline.of-steps.smooth").get_attribute("points").split()) > 1
    assert "nats per token" in page.locator(".scores").text_content()
    assert page.get_by_role("progressbar").get_attribute("aria-valuenow") == "100"
    bar = page.locator("#progress").bounding_box()["width"]
    assert page.locator("#progress i").bounding_box()["width"] == pytest.approx(bar)
    keep_screenshot(page, "watching-ended.png")


def test_labels_are_text_on_a_dark_phone(opened, training, keep_screenshot):
    page = opened(training(reviews), width=360, look="dark").page
    expect(page.locator(".preview").first).to_be_visible(timeout=15_000)
    assert HOSTILE in page.locator("#previews").text_content()
    page.get_by_text("The model is trained and saved").wait_for(timeout=30_000)
    assert page.locator("img").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    keep_screenshot(page, "watching-phone.png")


@pytest.mark.parametrize(
    ("made", "selector"),
    [(tags, ".annotated"), (pairs, ".preview")],
    ids=["tags", "pairs"],
)
def test_every_task_shows_what_it_answers(opened, training, keep_screenshot, made, selector):
    page = opened(training(made)).page
    page.get_by_text("The model is trained and saved").wait_for(timeout=40_000)
    assert page.locator(selector).count() > 0
    assert page.locator("polyline.of-baseline").count() > 0
    keep_screenshot(page, f"watching-{made.__name__}.png")


def test_a_loss_of_what_is_learned_too_is_not_called_held_out(opened, training, keep_screenshot):
    """A forecaster learns from all values in the end; what it held out before is among them."""
    page = opened(training(numbers)).page
    page.get_by_text("The model is trained and saved").wait_for(timeout=40_000)
    assert page.locator("svg.forecast .actual").count() > 0
    assert page.locator("polyline.of-baseline").count() > 0
    keep_screenshot(page, "watching-numbers.png")
    figures = page.locator("#curves figure")
    expect(figures).to_have_count(2)
    for index, (kind, other) in enumerate([("held out", "in sample"), ("in sample", "held out")]):
        words = figures.nth(index).text_content()
        assert kind in words
        assert other not in words.replace("the end held out", "")
    assert page.locator(".metrics dt").filter(has_text="in sample").count() == 1
