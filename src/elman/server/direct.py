"""A route as FastAPI describes it, answered with as little as possible in between.

FastAPI reads the endpoint's signature for OpenAPI. A request goes from its bytes through pydantic
straight to the endpoint, and its answer straight to JSON: dependencies, forms and the checks of our
own answers, which no endpoint here needs, took longer than a model's step.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable
from typing import Any

from fastapi.routing import APIRoute
from pydantic import ValidationError
from pydantic_core import to_json
from starlette.types import Receive, Scope, Send

from elman.errors import ElmanError
from elman.server.refusals import RefusedError, of_error, of_validation
from elman.server.schemas import Asked

_JSON = (b"content-type", b"application/json")

_log = logging.getLogger("elman.server")


class DirectRoute(APIRoute):
    """Endpoints take the parts of their path by name, and what is asked, if anything, as `asked`;
    they return plain data, or an ASGI application that answers."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **settings: Any) -> None:
        super().__init__(path, endpoint, **settings)
        signature = inspect.signature(endpoint, eval_str=True)
        asked = signature.parameters.get("asked")
        self.app = _Direct(endpoint, None if asked is None else asked.annotation)


class _Direct:
    def __init__(self, endpoint: Callable[..., Any], asked: type[Asked] | None) -> None:
        self._endpoint, self._asked = endpoint, asked

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["operation"] = self._endpoint.__name__
        try:
            parts = scope["path_params"]
            if self._asked is not None:
                body = await _body(receive, self._asked.most_bytes)
                parts = {**parts, "asked": self._asked.model_validate_json(body or b"{}")}
            answer = await self._endpoint(**parts)
        except ValidationError as error:
            await refuse(send, of_validation(error))
        except ElmanError as error:
            await refuse(send, of_error(error))
        except RefusedError as refusal:
            await refuse(send, refusal)
        except _GoneError:
            pass
        except Exception:
            _log.exception("a request failed")
            await refuse(
                send, RefusedError(500, "a fault of the server's", location=scope["operation"])
            )
        else:
            if callable(answer):
                await answer(scope, receive, send)
            else:
                await respond(send, 200, to_json(answer, inf_nan_mode="null"))


class _GoneError(Exception):
    """Who asked is not there any more."""


async def _body(receive: Receive, most: int) -> bytes:
    message = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body"):
        if len(body) > most:
            break
        message = await receive()
        body += message.get("body", b"")
    if message["type"] == "http.disconnect":
        raise _GoneError
    if len(body) > most:
        raise too_large(most)
    return body


def too_large(most: int) -> RefusedError:
    return RefusedError(
        413,
        f"it has more than {most:,} bytes",
        location="body",
        hint="Send less at once.",
        headers={"connection": "close"},
    )


async def refuse(send: Send, refusal: RefusedError) -> None:
    headers = [(name.encode(), value.encode()) for name, value in refusal.headers.items()]
    await respond(send, refusal.status, refusal.body, headers)


async def respond(
    send: Send, status: int, body: bytes, headers: list[tuple[bytes, bytes]] | None = None
) -> None:
    """Send a whole answer in JSON."""
    size = (b"content-length", str(len(body)).encode())
    start = {"type": "http.response.start", "status": status}
    await send({**start, "headers": [_JSON, size, *(headers or ())]})
    await send({"type": "http.response.body", "body": body})
