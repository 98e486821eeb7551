"""Small models to look at, and pages that are watched as they are opened."""

from __future__ import annotations

import numpy as np
import pytest
import torch  # noqa: F401, so that the tests' one thread is set before it is used

import elman
from commands import Process

HOSTILE = "<img src=x onerror=hacked=1>"


@pytest.fixture(scope="session")
def classifier():
    """An LSTM that tells two kinds of text apart; one of its labels is no friend of pages."""
    texts = ["fine and fine it was", "dull and dull it was"] * 20
    labels = ["good", HOSTILE] * 20
    settings = {"cell": "lstm", "hidden_size": 16, "layers": 2, "steps": 30}
    return elman.Classifier(tokenizer="word", **settings).fit(texts, labels)


@pytest.fixture(scope="session")
def plain():
    """The network as it is first taught, reading letter by letter."""
    texts = ["fine and fine", "dull and dull"] * 10
    settings = {"cell": "plain", "hidden_size": 8, "layers": 1, "steps": 5}
    return elman.Classifier(tokenizer="character", **settings).fit(texts, ["good", "bad"] * 10)


@pytest.fixture(scope="session")
def translator():
    pairs = [("le chat", "the cat"), ("la reine", "the queen"), ("le roi", "the king")] * 8
    sources, targets = zip(*pairs, strict=True)
    return elman.Translator(tokenizer="character", hidden_size=8, steps=12).fit(sources, targets)


@pytest.fixture(scope="session")
def writer(tale):
    settings = {"hidden_size": 16, "layers": 1, "steps": 20}
    return elman.LanguageModel(tokenizer="word", counts="on", **settings).fit(tale)


@pytest.fixture(scope="session")
def tagger():
    sentences = [(["the", "cat", "sat"], ["DET", "NOUN", "VERB"])] * 20
    words, tags = zip(*sentences, strict=True)
    return elman.Tagger(hidden_size=16, steps=20).fit(words, tags)


@pytest.fixture(scope="session")
def forecaster():
    values = [100 + step + 20 * np.sin(step * np.pi / 6) for step in range(80)]
    return elman.Forecaster(hidden_size=4, steps=2, horizon=6).fit(np.array(values)[:, None])


@pytest.fixture(scope="session")
def describer():
    names = [["north wind", "south", "far west"][index % 3] for index in range(30)]
    vectors = np.eye(3)[np.arange(30) % 3] + np.linspace(0, 0.1, 30)[:, None]
    return elman.Describer(tokenizer="character", hidden_size=8, steps=12).fit(vectors, names)


@pytest.fixture(scope="session")
def served(tmp_path_factory, classifier, tagger, writer, translator, forecaster, describer):
    """The address of all of them, served by the command."""
    pytest.importorskip("fastapi", reason="the extra serve is not installed")
    folder = tmp_path_factory.mktemp("served")
    models = {
        "classifier": classifier,
        "tags": tagger,
        "words": writer,
        "french": translator,
        "numbers": forecaster,
        "winds": describer,
    }
    for name, model in models.items():
        model.save(folder / f"{name}.safetensors")
    files = [f"{name}.safetensors" for name in models]
    process = Process("serve", *files, "--port", "0", cwd=folder)
    line = process.stderr.readline().decode()
    yield line.rpartition(" at ")[2].strip()
    process.terminate()
    process.communicate(timeout=20)
    process.close()


class Session:
    """A page, what it complained of and what it asked for."""

    def __init__(self, page):
        self.page, self.complaints, self.requests = page, [], []
        self._heard = {
            "console": lambda message: self.complaints.append(message.text),
            "pageerror": lambda error: self.complaints.append(str(error)),
            "request": lambda request: self.requests.append(request.url),
        }
        for event, hear in self._heard.items():
            page.on(event, hear)

    def end(self):
        """It must not have complained, and have asked its own place alone."""
        hacked = self.page.evaluate("'hacked' in window")
        home = self.page.url.partition("#")[0].rpartition("/")[0]
        for event, hear in self._heard.items():
            self.page.remove_listener(event, hear)
        strangers = [url for url in self.requests if not ours(url, home)]
        assert (self.complaints, strangers, hacked) == ([], [], False)


@pytest.fixture
def opened(window):
    """Open an address in an empty page; a page of the same test that was open is left.

    `opened(address, **settings)`: a Session; the settings are those of `window`.
    """
    sessions = []

    def open_page(address, **settings):
        if sessions:
            sessions.pop().end()
        page = window(**settings)
        page.context.session = Session(page)
        sessions.append(page.context.session)
        page.goto(address)
        return sessions[-1]

    yield open_page
    for session in sessions:
        session.end()


def ours(address, home):
    return address.startswith((f"{home}/", "data:"))
