"""Shared fixtures: a separate cache, one thread of torch, a browser, small models."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("half as many as usual", max_examples=50)
settings.load_profile("half as many as usual")


@pytest.fixture(autouse=True, scope="session")
def own_cache(tmp_path_factory):
    """Nothing that a test prepares is left in the user's cache."""
    before = os.environ.get("ELMAN_CACHE")
    os.environ["ELMAN_CACHE"] = str(tmp_path_factory.mktemp("cache"))
    yield
    if before is None:
        del os.environ["ELMAN_CACHE"]
    else:
        os.environ["ELMAN_CACHE"] = before


def pytest_collection_finish():
    """The tests run side by side; one that wants torch has imported it by now."""
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)


@pytest.fixture(scope="session")
def in_a_thread():
    """Run a coroutine in a thread of its own: a browser that tests drive has a loop in this one."""

    def run(coroutine):
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(asyncio.run, coroutine).result()

    return run


FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="session")
def chromium():
    """A browser without a window."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    names = ("chromium", "chromium-browser", "google-chrome")
    path = next(filter(None, map(shutil.which, names)), None)
    if path is None:
        pytest.skip("there is no Chromium here")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def window(chromium):
    """A page that tests share, as if it were new: a new one takes the browser thrice as long.

    `window(width=1100, height=900, look="light", touch=False)`: an empty page of so many pixels,
    of a user who prefers light or dark colours and has a mouse or a touch screen.
    """
    pages = {}

    def emptied(*, width=1100, height=900, look="light", touch=False):
        if touch not in pages:
            pages[touch] = chromium.new_context(has_touch=touch).new_page()
        page = pages[touch]
        page.unroute_all(behavior="ignoreErrors")
        page.goto("about:blank")
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=look)
        return page

    yield emptied
    for page in pages.values():
        page.context.close()


@pytest.fixture(scope="session")
def keep_screenshot():
    """`keep_screenshot(page, name)`: into the folder ELMAN_SCREENSHOTS, if there is one."""
    folder = os.environ.get("ELMAN_SCREENSHOTS")

    def keep(page, name):
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            page.screenshot(path=Path(folder, name), full_page=True)

    return keep


SUBJECTS = ["the cat", "the dog", "a bird", "my old friend", "the small king"]
VERBS = ["sat on", "looked at", "didn't like", "walked to"]
OBJECTS = ["the mat", "the river", "a house", "the old tree", "the king's well-kept garden"]
ENDINGS = [".", ", so what?", " - yes!", '; "no", he said (twice).', " – 漢字 für 😀!"]


@pytest.fixture(scope="session")
def tale():
    """Lines that small models learn in a second, with all that makes spacing hard."""
    draw = random.Random(1).choice
    lines = (
        f"{draw(SUBJECTS)} {draw(VERBS)} {draw(OBJECTS)}".capitalize() + draw(ENDINGS)
        for _ in range(300)
    )
    return "\n".join(lines)


@pytest.fixture(scope="session")
def trained(tale):
    """A trained model of each tokenizer, by the tokenizer's name, without counts: what decodes is
    tested against its network. Tests leave them as they are."""
    from elman.tasks.language_modeling.model import LanguageModel

    return {
        tokenizer: LanguageModel(
            tokenizer=tokenizer,
            hidden_size=32,
            layers=1,
            dropout=0.0,
            learning_rate=1e-2,
            steps=100,
            counts="off",
        ).fit(tale)
        for tokenizer in ("character", "word", "subword")
    }


@pytest.fixture(params=["character", "word", "subword"], scope="session")
def model(request, trained):
    """Each of the three in turn."""
    return trained[request.param]


@pytest.fixture(scope="session")
def characters(trained):
    return trained["character"]


@pytest.fixture(scope="session")
def words(trained):
    return trained["word"]


@pytest.fixture(scope="session")
def subwords(trained):
    return trained["subword"]
