"""Small models to look at, and pages that are watched as they are opened."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import elman

HOSTILE = "<img src=x onerror=hacked=1>"


@pytest.fixture(scope="session")
def judge():
    """An LSTM that tells two kinds of text apart; one of its labels is no friend of pages."""
    texts = ["fine and fine it was", "dull and dull it was"] * 20
    labels = ["good", HOSTILE] * 20
    settings = {"cell": "lstm", "width": 16, "layers": 2, "steps": 30}
    return elman.Classifier(unit="word", **settings).fit(texts, labels)


@pytest.fixture(scope="session")
def plain():
    """The network as it is first taught, reading letter by letter."""
    texts = ["fine and fine", "dull and dull"] * 10
    settings = {"cell": "plain", "width": 8, "layers": 1, "steps": 5}
    return elman.Classifier(unit="character", **settings).fit(texts, ["good", "bad"] * 10)


@pytest.fixture(scope="session")
def translator():
    pairs = [("le chat", "the cat"), ("la reine", "the queen"), ("le roi", "the king")] * 8
    sources, targets = zip(*pairs, strict=True)
    return elman.Translator(unit="character", width=8, steps=12).fit(sources, targets)


@pytest.fixture(scope="session")
def shots(tmp_path_factory):
    """Where pictures of pages are kept: the folder ELMAN_SCREENSHOTS, or a passing one."""
    folder = Path(os.environ.get("ELMAN_SCREENSHOTS") or tmp_path_factory.mktemp("screenshots"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


class Seen:
    """A page, what it complained of and what it asked for."""

    def __init__(self, page):
        self.page, self.complaints, self.requests = page, [], []
        page.on("console", lambda said: self.complaints.append(said.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self.requests.append(request.url))


@pytest.fixture
def opened(chromium):
    """Open an address in a window of its own; it must not complain, and ask this place alone."""
    contexts = []

    def open_page(address, *, width=1100, look="light", touch=False):
        context = chromium.new_context(
            viewport={"width": width, "height": 900}, color_scheme=look, has_touch=touch
        )
        contexts.append(context)
        seen = Seen(context.new_page())
        context.seen = seen
        seen.page.goto(address)
        return seen

    yield open_page
    for context in contexts:
        seen = context.seen
        home = seen.page.url.partition("#")[0].rpartition("/")[0]
        complaints, strangers = seen.complaints, [u for u in seen.requests if not ours(u, home)]
        hacked = seen.page.evaluate("'hacked' in window")
        context.close()
        assert (complaints, strangers, hacked) == ([], [], False)


def ours(address, home):
    return address.startswith((f"{home}/", "data:"))
