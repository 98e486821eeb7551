"""The API: the routes of the models that are served, and of the server itself."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Self

from starlette.responses import Response

from elman.server.events import GenerationEvents
from elman.server.generation import TokenStream
from elman.server.http_errors import ApiError, overloaded
from elman.server.keyboards import Keyboards
from elman.server.limits import Limits
from elman.server.metrics import MEDIA_TYPE, Metrics
from elman.server.openapi import EVENT_STREAM, PLAIN_TEXT, Endpoint, describe_api
from elman.server.operations.operation import Operation
from elman.server.registry import LoadedModel, ModelEntry, ModelRegistry
from elman.server.router import Route, Router
from elman.server.schemas import GenerateRequest, ModelResponse, ModelsResponse, StatusResponse
from elman.server.sessions import Sessions
from elman.server.stores.factory import open_store
from elman.server.stores.store import SessionStore
from elman.tasks.table import TASKS

_EVICTION_SECONDS = 1.0
_MODEL = "/models/{name}"

_log = logging.getLogger("elman.server")


class Api:
    """The API of some models, an asynchronous context manager while it runs.

    Args:
        models: to be served.
        sessions: where sessions are stored: a file's path, a Redis URL, or None for memory alone.
        limits: of the server.

    Attributes:
        router: answers requests.
        metrics: counts them.
    """

    def __init__(self, models: Sequence[LoadedModel], sessions: str | None, limits: Limits) -> None:
        self._address, self._limits = sessions, limits
        self._models = ModelRegistry(models, limits)
        self._keyboards = Keyboards(limits)
        self.router = Router()
        self.metrics = Metrics(self._models)

    async def __aenter__(self) -> Self:
        """Open the session store, start the models' threads, and add the routes.

        Raises:
            ElmanError: where sessions cannot be stored.
        """
        formats = self._models.state_formats()
        self._store = await open_store(self._address, self._limits, formats)
        self._models.start()
        self._add_routes(Sessions(self._store))
        self._evicting = asyncio.create_task(self._evict(self._store))
        return self

    async def __aexit__(self, *_: object) -> None:
        """Answer the requests that wait, and save the sessions."""
        self._evicting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._evicting
        await self._models.close()
        await self._store.close()

    async def _evict(self, store: SessionStore) -> None:
        """Evict idle sessions and keyboards again and again."""
        reached = True  # whether the store answered the last time
        while True:
            await asyncio.sleep(_EVICTION_SECONDS)
            self._keyboards.evict_expired()
            self.metrics.keyboards = len(self._keyboards)
            try:
                await store.evict_expired()
                self.metrics.sessions = await store.count()
            except ApiError as error:
                if reached:  # one line, not one a second
                    _log.error("%s: %s", error.cause, error.__cause__)
                reached = False
            except Exception:  # such as a full disk: the next time may succeed
                _log.exception("sessions could not be stored")
            else:
                if not reached:
                    _log.warning("sessions are in reach again")
                reached = True

    async def generate(self, entry: ModelEntry, request: GenerateRequest) -> GenerationEvents:
        """Continue a prompt, in server-sent events."""
        assert entry.generation is not None
        stream = TokenStream()
        try:
            await entry.dispatcher.submit(entry.generation.begin, (request, stream))
        except BaseException:
            stream.abandoned = True
            raise
        return GenerationEvents(stream, self._limits.request_timeout)

    async def model(self, entry: ModelEntry) -> ModelResponse:
        """Describe a model."""
        return entry.describe()

    async def models(self) -> ModelsResponse:
        """Describe all models."""
        return {"models": [each.describe() for each in self._models.values()]}

    async def health(self) -> StatusResponse:
        """Whether the server runs."""
        return {"status": "ok"}

    async def ready(self) -> StatusResponse:
        """Whether the server has room for requests, and reaches its sessions."""
        if any(each.dispatcher.queued >= self._limits.queued for each in self._models.values()):
            raise overloaded("too many requests wait")
        await self._store.check()
        return {"status": "ready"}

    async def prometheus(self) -> Any:
        """Metrics for Prometheus."""
        return Response(self.metrics.text(), headers={"content-type": MEDIA_TYPE.decode()})

    async def _openapi(self) -> Any:
        return self._description

    def _add_routes(self, sessions: Sessions) -> None:
        """Add a route for everything that each model can do, and describe all that any could."""
        generating = [
            Endpoint.of("POST", "/generate", self.generate, EVENT_STREAM),
            *self._keyboards.endpoints(),
        ]
        stateful = sessions.endpoints()
        every = [Endpoint.of("GET", "", self.model)]
        server = [
            Endpoint.of("GET", "/models", self.models),
            Endpoint.of("GET", "/health", self.health),
            Endpoint.of("GET", "/ready", self.ready),
            Endpoint.of("GET", "/metrics", self.prometheus, PLAIN_TEXT),
        ]
        for entry in self._models.values():
            prefix = f"/models/{entry.name}"
            for operation in entry.operations.batched:
                run = partial(entry.dispatcher.submit, partial(operation.run, entry.model))
                route = Route(run, operation.name, operation.request)
                self.router.add("POST", f"{prefix}/{operation.name}", route)
            possible = every + (generating if entry.generation is not None else [])
            for each in possible + (stateful if entry.runner is not None else []):
                route = Route(partial(each.handler, entry), each.name, each.request)
                self.router.add(each.method, prefix + each.path, route)
        for each in server:
            self.router.add(each.method, each.path, Route(each.handler, each.name))
        operations = {
            each.name: each for task in TASKS.values() for each in task.operations.batched
        }
        below = [_described(each) for each in operations.values()] + generating + stateful + every
        described = [replace(each, path=_MODEL + each.path) for each in below] + server
        self._description = describe_api("Elman", described)
        self.router.add("GET", "/openapi.json", Route(self._openapi, "openapi"))


def _described(operation: Operation) -> Endpoint:
    return Endpoint(
        "POST",
        f"/{operation.name}",
        operation.run,
        operation.name,
        operation.description,
        operation.request,
        operation.response,
    )
