"""Small models of every task, and two ways to send requests: in this process, and over a socket."""

from __future__ import annotations

import contextlib
import math

import httpx
import numpy as np
import pytest
from server_process import LABELS, TEXTS, Server

import elman
from elman.server.api import Api
from elman.server.app import ServerConfig, create_app
from elman.server.registry import LoadedModel, load_models

BASE = "http://127.0.0.1:8000"
PAIRS = ["ab", "ba", "aab", "bba", "abab"] * 8


@pytest.fixture(scope="session")
def folder(trained, tmp_path_factory):
    """The folder of a model file of every task."""
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
def loaded(folder) -> list[LoadedModel]:
    return load_models(sorted(folder.iterdir()))


@pytest.fixture(scope="session")
def models(loaded):
    """The models by name."""
    return {each.name: each.model for each in loaded}


@pytest.fixture(scope="session")
def converse_all(loaded, in_a_thread):
    """Run a conversation with several servers in this process, one client each.

    `converse_all(conversation, count, only=names_of_models, **config)`
    """

    def run(conversation, count, *, only=None, **settings):
        config = ServerConfig(**settings)
        chosen = [each for each in loaded if only is None or each.name in only]

        async def go():
            async with contextlib.AsyncExitStack() as stack:
                clients = []
                for _ in range(count):
                    api = Api(chosen, config.sessions, config.limits)
                    await stack.enter_async_context(api)
                    # An exception in the application must not look like a response.
                    transport = httpx.ASGITransport(create_app(api, config))
                    client = httpx.AsyncClient(transport=transport, base_url=BASE)
                    clients.append(await stack.enter_async_context(client))
                return await conversation(clients)

        return in_a_thread(go())

    return run


@pytest.fixture(scope="session")
def converse(converse_all):
    """Run a conversation with one server: `converse(conversation, **settings)`."""

    def run(conversation, **settings):
        return converse_all(lambda clients: conversation(*clients), 1, **settings)

    return run


@pytest.fixture
def post(converse):
    """Send one request: the status and the JSON of its response."""

    def send(path, body, **config):
        async def conversation(client):
            return await client.post(path, json=body)

        response = converse(conversation, **config)
        return response.status_code, response.json()

    return send


@pytest.fixture
def serve():
    """Start servers; those that still run at the end are killed."""
    started = []

    def start(*arguments, **environment):
        started.append(Server(*arguments, **environment))
        return started[-1]

    yield start
    for server in started:
        server.close()


@pytest.fixture(scope="session")
def server(folder):
    """One server with every model, for all tests that need no other."""
    server = Server(sorted(folder.iterdir()))
    yield server
    ended = server.stop()
    server.close()
    assert ended == (0, "")  # no error was logged
