"""The short way to a route: by a path's parts, past the router's regular expressions.

Paths that it does not know go the long way, by which FastAPI says what is not there, or not so.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from elman.server.direct import DirectRoute

Parts = tuple[str | None, ...]  # of a path; None for one that varies


class Lane:
    """An application with a short way to its direct routes."""

    def __init__(self, app: ASGIApp, routes: Iterable[BaseRoute]) -> None:
        self._app = app
        self._ways: dict[tuple[str, int], list[tuple[Parts, list[str], ASGIApp]]] = defaultdict(
            list
        )
        for route in routes:
            if isinstance(route, DirectRoute):
                parts = route.path.split("/")
                fixed = tuple(None if part.startswith("{") else part for part in parts)
                names = [part.strip("{}") for part in parts if part.startswith("{")]
                for method in route.methods or ():
                    self._ways[method, len(parts)].append((fixed, names, route.app))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        parts = scope["path"].split("/")
        for fixed, names, app in self._ways.get((scope["method"], len(parts)), ()):
            varying = []
            for part, wanted in zip(parts, fixed, strict=True):
                if wanted is None and part:
                    varying.append(part)
                elif part != wanted:
                    break
            else:
                scope["path_params"] = dict(zip(names, varying, strict=True))
                await app(scope, receive, send)
                return
        await self._app(scope, receive, send)
