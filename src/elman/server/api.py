"""The routes: each a method here, its path and its schema in the table below."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from typing import Any, Self

from fastapi import APIRouter, Response

from elman.server.direct import DirectRoute
from elman.server.events import Events
from elman.server.keyboard_api import KeyboardApi
from elman.server.keyboards import Keyboards
from elman.server.limits import Limits
from elman.server.metrics import TYPE, Metrics
from elman.server.refusals import RefusedError, nothing_there
from elman.server.schemas import (
    About,
    Error,
    Exported,
    Forecasts,
    Health,
    Models,
    Nothing,
    Predictions,
    Rewrites,
    Session,
    Step,
    Suggestions,
    Tagged,
    ToBegin,
    ToDescribe,
    ToExplain,
    ToForecast,
    ToGenerate,
    ToPredict,
    ToRewind,
    ToStep,
    ToSuggest,
    ToTag,
    ToTranslate,
)
from elman.server.served import Loaded, Served
from elman.server.sessions import Sessions
from elman.server.stores.opening import open_store
from elman.server.writing import Stream

_REFUSED = (401, 403, 404, 413, 421, 422, 429, 503)
_TIDIED = 1.0  # seconds between two looks at the sessions

_log = logging.getLogger("elman.server")


class Api:
    """What can be asked of some models.

    Args:
        sessions: where they are kept besides memory: a file's path, a Redis address, or nowhere.
    """

    def __init__(self, loaded: Sequence[Loaded], sessions: str | None, limits: Limits) -> None:
        self._loaded, self._address, self._limits = loaded, sessions, limits
        self._models: dict[str, Served] = {}
        self._keyboards = Keyboards(limits)
        self.metrics = Metrics(self._models)

    async def __aenter__(self) -> Self:
        """Begin to answer.

        Raises:
            ElmanError: where the sessions cannot be kept as they are to be.
        """
        self._models |= {each.name: Served(each, self._limits) for each in self._loaded}
        formats = {each.short: each.format() for each in self._models.values() if each.keeps_state}
        self._sessions = Sessions(await open_store(self._address, self._limits, formats))
        self._tidying = asyncio.create_task(self._tidy())
        return self

    async def __aexit__(self, *_: object) -> None:
        """Answer what waits, and write down what is to be kept."""
        self._tidying.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._tidying
        for served in self._models.values():
            await served.desk.close()
        await self._sessions.store.close()

    async def _tidy(self) -> None:
        store = self._sessions.store
        while True:
            await asyncio.sleep(_TIDIED)
            try:
                await store.tidy()
                self.metrics.sessions = await store.count()
                self._keyboards.tidy()
                self.metrics.keyboards = len(self._keyboards)
            except Exception:  # a full disk, a Redis that is away: the next time may be better
                _log.exception("the sessions could not be kept")

    def _served(self, name: str, operation: str) -> Served:
        served = self._named(name)
        served.check(operation)
        return served

    def _named(self, name: str) -> Served:
        served = self._models.get(name)
        if served is None:
            raise nothing_there(f"models/{name}", f"There are {', '.join(self._models)}.")
        return served

    # Each model as what it is

    async def predict(self, name: str, asked: ToPredict) -> Predictions:
        """Name the class of each text."""
        served = self._served(name, "predict")
        return await served.desk.ask(served.works.predict, asked.texts)

    async def tag(self, name: str, asked: ToTag) -> Tagged:
        """Name what each word of a sentence is."""
        served = self._served(name, "tag")
        return await served.desk.ask(served.works.tag, asked.sentences)

    async def translate(self, name: str, asked: ToTranslate) -> Rewrites:
        """The best targets of each text, and, where asked, what each token looked at."""
        served = self._served(name, "translate")
        return await served.desk.ask(served.works.translate, asked)

    async def describe(self, name: str, asked: ToDescribe) -> Rewrites:
        """The best descriptions of each vector."""
        served = self._served(name, "describe")
        return await served.desk.ask(served.works.describe, asked)

    async def forecast(self, name: str, asked: ToForecast) -> Forecasts:
        """The values to come, a row a step, with the intervals that hold 80 % and 95 %."""
        served = self._served(name, "forecast")
        return await served.desk.ask(served.works.forecast, asked)

    async def suggest(self, name: str, asked: ToSuggest) -> Suggestions:
        """The likeliest next words, or ends of the word that is begun."""
        served = self._served(name, "suggest")
        return await served.desk.ask(served.works.suggest, asked)

    async def explain(self, name: str, asked: ToExplain) -> dict[str, Any]:
        """What the network saw, remembered and said."""
        served = self._served(name, "explain")
        return await served.desk.ask(served.works.explain, asked)

    async def generate(self, name: str, asked: ToGenerate) -> Any:
        """Write on after a prompt, in server-sent events."""
        served = self._served(name, "generate")
        assert served.writers is not None
        stream = Stream()
        try:
            await served.desk.ask(served.writers.begin, (asked, stream))
        except BaseException:
            stream.left = True
            raise
        return Events(stream, self._limits.seconds)

    # Sessions

    async def begin(self, name: str, asked: ToBegin) -> Session:
        """A new session, or one from what another exported."""
        return await self._sessions.begin(self._served(name, "sessions"), asked)

    async def step(self, name: str, session: str, asked: ToStep) -> Step:
        """Read on from where the session is."""
        return await self._sessions.step(self._served(name, "sessions"), session, asked)

    async def fork(self, name: str, session: str, asked: Nothing) -> Session:  # noqa: ARG002
        """Another session that goes on from the same state."""
        return await self._sessions.fork(self._served(name, "sessions"), session)

    async def rewind(self, name: str, session: str, asked: ToRewind) -> Session:
        """Take back the session's last steps."""
        return await self._sessions.rewind(self._served(name, "sessions"), session, asked)

    async def export(self, name: str, session: str) -> Exported:
        """The session as text, for `begin`: sealed, and of use with this very model alone."""
        return await self._sessions.export(self._served(name, "sessions"), session)

    async def look(self, name: str, session: str) -> Session:
        """How far a session is."""
        return await self._sessions.look(self._served(name, "sessions"), session)

    async def end(self, name: str, session: str) -> Session:
        """Forget a session."""
        return await self._sessions.end(self._served(name, "sessions"), session)

    # The server

    async def models(self) -> Models:
        """What is served."""
        return {"models": [served.about() for served in self._models.values()]}

    async def model(self, name: str) -> About:
        """One of the models."""
        return self._named(name).about()

    async def health(self) -> Health:
        """Whether the server runs."""
        return {"status": "runs"}

    async def ready(self) -> Health:
        """Whether it has room for requests."""
        if any(each.desk.waiting >= self._limits.waiting for each in self._models.values()):
            raise RefusedError(503, "too many requests wait")
        return {"status": "ready"}

    async def prometheus(self) -> Any:
        """Figures for Prometheus."""
        return Response(self.metrics.text(), headers={"content-type": TYPE})

    def add_to(self, router: APIRouter) -> None:
        """Add its routes; those asked most come first, as paths are tried in order."""
        router.route_class = DirectRoute
        refused = {status: {"model": Error} for status in _REFUSED}
        model, session = "/models/{name}", "/models/{name}/sessions/{session}"
        parts = {name: {"type": "string"} for name in ("event", "data")}
        event = {"type": "object", "properties": parts, "required": ["data"]}
        events = {200: {"content": {"text/event-stream": {"schema": event}}}}
        text = {200: {"content": {"text/plain": {"schema": {"type": "string"}}}}}
        for method, path, endpoint, more in (
            ("POST", f"{session}/step", self.step, {}),
            ("POST", f"{model}/predict", self.predict, {}),
            ("POST", f"{model}/suggest", self.suggest, {}),
            ("POST", f"{model}/generate", self.generate, events),
            ("POST", f"{model}/tag", self.tag, {}),
            ("POST", f"{model}/translate", self.translate, {}),
            ("POST", f"{model}/describe", self.describe, {}),
            ("POST", f"{model}/forecast", self.forecast, {}),
            ("POST", f"{model}/explain", self.explain, {}),
            ("POST", f"{model}/sessions", self.begin, {}),
            ("POST", f"{session}/fork", self.fork, {}),
            ("POST", f"{session}/rewind", self.rewind, {}),
            ("GET", f"{session}/export", self.export, {}),
            ("GET", session, self.look, {}),
            ("DELETE", session, self.end, {}),
            *KeyboardApi(self._keyboards, self._served).routes(),
            ("GET", "/models", self.models, {}),
            ("GET", model, self.model, {}),
            ("GET", "/health", self.health, {}),
            ("GET", "/ready", self.ready, {}),
            ("GET", "/metrics", self.prometheus, text),
        ):
            settings: dict[str, Any] = {"response_class": Response} if more else {}
            responses: Any = refused | more
            router.add_api_route(path, endpoint, methods=[method], responses=responses, **settings)
