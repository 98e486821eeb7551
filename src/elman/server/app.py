"""The application: the routes, what stands around them, and the pages."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from fastapi import FastAPI, Request
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from elman.server.account import Account
from elman.server.api import Api
from elman.server.guard import Guard
from elman.server.lane import Lane
from elman.server.limits import Limits
from elman.server.pages import pages
from elman.server.refusals import RefusedError, nothing_there
from elman.server.watching import Telling
from elman.version import __version__
from elman.web.files import playground_files, watching_files

HOSTS = ("127.0.0.1", "localhost", "[::1]")


@dataclass(frozen=True)
class Serving:
    """How models are served.

    Args:
        hosts: names under which the server may be asked, besides HOSTS.
        key: that requests must bear, if any.
        sessions: a file or a Redis address in which they are kept; None: in memory alone.
    """

    hosts: Collection[str] = ()
    key: str | None = None
    sessions: str | None = None
    limits: Limits = field(default_factory=Limits)


def create_app(api: Api, serving: Serving) -> ASGIApp:
    """The ASGI application of an API, which the caller begins and ends."""
    # No pages of FastAPI's own: they would ask another host for their scripts.
    app = FastAPI(title="Elman", version=__version__, docs_url=None, redoc_url=None)
    app.router.redirect_slashes = False
    api.add_to(app.router)
    files = pages(playground_files())
    for path, page in files.items():
        app.router.routes.append(Route(path, page, methods=["GET"]))
    app.add_exception_handler(HTTPException, _refused)
    return Guard(
        Lane(app, app.router.routes),
        hosts=(*HOSTS, *serving.hosts),
        key=None if serving.key is None else serving.key.encode(),
        pages=files,
        limits=serving.limits,
        seen=api.metrics,
    )


def create_watching_app(account: Account, limits: Limits) -> ASGIApp:
    """The ASGI application by which a training is watched from this machine."""
    files = pages(watching_files())
    told: dict[str, ASGIApp] = {"/events": Telling(account), **files}
    app = Starlette(
        routes=[Route(path, answer, methods=["GET"]) for path, answer in told.items()],
        exception_handlers={HTTPException: _refused},
    )
    app.router.redirect_slashes = False
    return Guard(app, hosts=HOSTS, key=None, pages=files, limits=limits, seen=lambda *_: None)


async def _refused(request: Request, error: Exception) -> Response:
    """What the router itself refuses, said as all else is."""
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        refusal = nothing_there(request.url.path, "See /openapi.json for what there is.")
    else:
        refusal = RefusedError(error.status_code, error.detail.lower(), location=request.method)
    headers = dict(error.headers or {})
    return Response(refusal.body, refusal.status, headers, "application/json")
