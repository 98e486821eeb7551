"""The ASGI applications: of models, and of a training."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from starlette.types import ASGIApp

from elman.server.api import Api
from elman.server.event_log import EventLog
from elman.server.limits import Limits
from elman.server.middleware import RequestMiddleware
from elman.server.router import Router
from elman.server.static_files import add_static_files
from elman.server.training_events import TrainingEventsApp
from elman.web.files import dashboard_files, playground_files

LOCAL_HOSTS = ("127.0.0.1", "localhost", "[::1]")


@dataclass(frozen=True)
class ServerConfig:
    """How models are served.

    Args:
        hosts: names that the server answers to, besides LOCAL_HOSTS.
        key: that requests must carry, if any.
        sessions: a file's path or a Redis URL where sessions are stored; None: memory alone.
        limits: of the server.
    """

    hosts: Collection[str] = ()
    key: str | None = None
    sessions: str | None = None
    limits: Limits = field(default_factory=Limits)


def create_app(api: Api, config: ServerConfig) -> ASGIApp:
    """The ASGI application of an API and its playground; its runner enters the API."""
    files = playground_files()
    add_static_files(api.router, files)
    return RequestMiddleware(
        api.router,
        hosts=(*LOCAL_HOSTS, *config.hosts),
        key=None if config.key is None else config.key.encode(),
        public=files,
        limits=config.limits,
        observer=api.metrics,
    )


def create_training_app(log: EventLog, limits: Limits) -> ASGIApp:
    """The ASGI application that shows a training to browsers on this machine."""
    files, router = dashboard_files(), Router()
    add_static_files(router, files)
    router.add("GET", "/events", TrainingEventsApp(log))
    return RequestMiddleware(
        router,
        hosts=LOCAL_HOSTS,
        key=None,
        public=files,
        limits=limits,
        observer=lambda *_: None,
    )
