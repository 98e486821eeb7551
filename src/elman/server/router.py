"""The router: from a request's path to its endpoint, and from the endpoint's answer to a response.

Paths are looked up part by part in a tree. FastAPI describes the routes (see openapi.py) and does
not run them: its dependencies, forms and response validation, which no endpoint needs, took longer
than a model's step.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from pydantic import ValidationError
from pydantic_core import to_json
from starlette.types import ASGIApp, Receive, Scope, Send

from elman.errors import ElmanError
from elman.server.http_errors import (
    ApiError,
    from_elman_error,
    from_validation_error,
    not_found,
    too_large,
)
from elman.server.operations.schemas import ApiRequest
from elman.server.responses import send_error, send_response

_log = logging.getLogger("elman.server")


class Route(NamedTuple):
    """An endpoint behind a path.

    Args:
        endpoint: awaited with the variables of the path by name, and with `request` where the
            route has a body; it returns plain data, or an ASGI application that responds itself.
        operation: its name in metrics.
        request: the schema of the body; None: the body is not read.
    """

    endpoint: Callable[..., Awaitable[Any]]
    operation: str
    request: type[ApiRequest] | None = None


class _Node:
    """A part of paths.

    Attributes:
        variable: the node of a part that may be anything, such as `{session}`.
        name: of the variable that this node stands for.
    """

    __slots__ = ("children", "handlers", "name", "variable")

    def __init__(self, name: str = "") -> None:
        self.name = name
        self.children: dict[str, _Node] = {}
        self.variable: _Node | None = None
        self.handlers: dict[str, Route | ASGIApp] = {}

    def child(self, part: str) -> _Node:
        """The node below, made where it is missing."""
        if not part.startswith("{"):
            return self.children.setdefault(part, _Node())
        if self.variable is None:
            self.variable = _Node(part.strip("{}"))
        return self.variable


class Router:
    """The ASGI application of some routes."""

    def __init__(self) -> None:
        self._root = _Node()

    def add(self, method: str, path: str, handler: Route | ASGIApp) -> None:
        """Add a route. What answers GET answers HEAD too; its connection drops the body.

        Args:
            path: parts in braces are variables, as in `/models/tale/sessions/{session}`.
            handler: a route, or an application that responds itself.
        """
        node = self._root
        for part in path.split("/")[1:]:
            node = node.child(part)
        node.handlers[method] = handler
        if method == "GET":
            node.handlers["HEAD"] = handler

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        node, variables = self._root, {}
        for part in scope["path"].split("/")[1:]:
            below = node.children.get(part)
            if below is None:
                below = node.variable
                if below is None or not part:
                    await send_error(send, _nothing_at(scope["path"], node))
                    return
                variables[below.name] = part
            node = below
        handler = node.handlers.get(scope["method"])
        if handler is None:
            error = _not_allowed(scope["method"], node)
            await send_error(send, error if node.handlers else _nothing_at(scope["path"], node))
        elif isinstance(handler, Route):
            await self._respond(handler, variables, scope, receive, send)
        else:
            await handler(scope, receive, send)

    async def _respond(
        self, route: Route, variables: dict[str, Any], scope: Scope, receive: Receive, send: Send
    ) -> None:
        scope["operation"] = route.operation
        try:
            if route.request is not None:
                body = await self._read_body(receive, route.request.max_bytes)
                if body is None:  # the client has gone
                    return
                variables["request"] = route.request.model_validate_json(body or b"{}")
            answer = await route.endpoint(**variables)
        except ValidationError as error:
            await send_error(send, from_validation_error(error))
        except ElmanError as error:
            await send_error(send, from_elman_error(error))
        except ApiError as error:
            await send_error(send, error)
        except Exception:
            _log.exception("a request failed")
            await send_error(send, ApiError(500, "internal error", location=route.operation))
        else:
            if callable(answer):
                await answer(scope, receive, send)
            else:
                await send_response(send, 200, to_json(answer, inf_nan_mode="null"))

    async def _read_body(self, receive: Receive, max_bytes: int) -> bytes | None:
        """The whole body; None where the client disconnects before its end.

        Raises:
            ApiError: it is too large.
        """
        message = await receive()
        body: bytes = message.get("body", b"")
        while message.get("more_body") and len(body) <= max_bytes:
            message = await receive()
            body += message.get("body", b"")
        if message["type"] == "http.disconnect":
            return None
        if len(body) > max_bytes:
            raise too_large(max_bytes)
        return body


def _nothing_at(path: str, reached: _Node) -> ApiError:
    """The error for a path that leads nowhere.

    Args:
        reached: the last node that it led to.
    """
    known = ", ".join(part for part in reached.children if part)
    hint = f"Available here: {known}." if known else "See /openapi.json for all paths."
    return not_found(path, hint)


def _not_allowed(method: str, node: _Node) -> ApiError:
    return ApiError(
        405,
        "method not allowed",
        location=method,
        hint=f"Use {' or '.join(node.handlers)}.",
        headers={"allow": ", ".join(node.handlers)},
    )
