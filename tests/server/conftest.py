"""Small models of every task, and two ways to ask for them: in this process, and over a socket."""

from __future__ import annotations

import asyncio
import math
from concurrent.futures import ThreadPoolExecutor

import httpx
import numpy as np
import pytest
from processes import LABELS, TEXTS, Server

import elman
from elman.server.api import Api
from elman.server.app import Serving, create_app
from elman.server.served import Loaded, load_models

PAIRS = ["ab", "ba", "aab", "bba", "abab"] * 8


@pytest.fixture(scope="session")
def folder(trained, tmp_path_factory):
    """A file of every kind of model."""
    folder = tmp_path_factory.mktemp("served")
    trained["character"].save(folder / "tale.safetensors")
    trained["word"].save(folder / "mail.safetensors")
    lstm = elman.LanguageModel(cell="lstm", components=(), hidden_size=16, steps=2)
    lstm.fit("".join(TEXTS) * 20).save(folder / "lstm.safetensors")
    for name, settings in {
        "reviews": {"tokenizer": "word"},
        "letters": {"tokenizer": "character"},
        "both": {"tokenizer": "word", "directions": 2},
    }.items():
        classifier = elman.Classifier(hidden_size=8, steps=6, **settings)
        classifier.fit(TEXTS, LABELS).save(folder / f"{name}.safetensors")
    words = [text.split() for text in TEXTS]
    tags = [["X" if word == "and" else "Y" for word in each] for each in words]
    elman.Tagger(hidden_size=8, steps=4).fit(words, tags).save(folder / "tags.safetensors")
    translator = elman.Translator(tokenizer="character", hidden_size=8, layers=1, steps=4)
    translator.fit(PAIRS, [each.upper() for each in PAIRS]).save(folder / "capitals.safetensors")
    kinds = np.arange(30) % 3
    names = [["north", "south", "west"][kind] for kind in kinds]
    describer = elman.Describer(tokenizer="character", hidden_size=8, steps=4)
    describer.fit(np.eye(3)[kinds], names).save(folder / "winds.safetensors")
    wave = np.array([100 + step + 20 * math.sin(step * math.pi / 6) for step in range(80)])
    elman.Forecaster(hidden_size=4, steps=2).fit(wave).save(folder / "sold.safetensors")
    return folder


@pytest.fixture(scope="session")
def loaded(folder) -> list[Loaded]:
    return load_models(sorted(folder.iterdir()))


@pytest.fixture(scope="session")
def models(loaded):
    """The models by name, as Python has them."""
    return {each.name: each.model for each in loaded}


@pytest.fixture
def talk(loaded):
    """Run a conversation with a server in this process: `talk(conversation, **how it serves)`."""

    def run(conversation, *, only=None, limits=None, **serving):
        async def go():
            settings = Serving(**serving) if limits is None else Serving(limits=limits, **serving)
            chosen = [each for each in loaded if only is None or each.name in only]
            async with Api(chosen, settings.sessions, settings.limits) as api:
                # What goes wrong in the application must not look like an answer.
                transport = httpx.ASGITransport(create_app(api, settings))
                base = "http://127.0.0.1:8000"
                async with httpx.AsyncClient(transport=transport, base_url=base) as client:
                    return await conversation(client)

        # In a thread of its own: a browser that other tests drive has a loop in this one.
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(asyncio.run, go()).result()

    return run


@pytest.fixture
def post(talk):
    """One request alone: its answer's status and JSON."""

    def ask(path, asked, **how):
        async def conversation(client):
            return await client.post(path, json=asked)

        answer = talk(conversation, **how)
        return answer.status_code, answer.json()

    return ask


@pytest.fixture
def serve():
    """Start servers; whatever still runs at the end is killed."""
    started = []

    def begun(*arguments, **environment):
        started.append(Server(*arguments, **environment))
        return started[-1]

    yield begun
    for server in started:
        server.close()


@pytest.fixture(scope="session")
def server(folder):
    """One server for all the tests that need no other: with every model."""
    server = Server(sorted(folder.iterdir()))
    yield server
    status, said = server.stop()
    server.close()
    assert (status, said) == (0, "")  # nothing went wrong unseen
