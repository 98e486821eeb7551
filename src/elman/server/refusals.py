"""What the server says instead of an answer: a status, and `{"error": {location, cause, hint}}`.

400 no HTTP; 401 no key; 403 a page from elsewhere; 404 nothing there; 405 another method; 413 too
large; 421 another host; 422 not understood; 429 too much at once from one client; 431 too long a
head; 503 too much at once from all, or too slow.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import to_json

from elman.errors import ElmanError

_LONGEST = 300  # characters of a location or a cause: what came in may be said again in it


class RefusedError(Exception):
    """A request that is not answered as was asked."""

    def __init__(
        self,
        status: int,
        cause: str,
        *,
        location: str | None = None,
        hint: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(cause)
        self.status, self.location, self.cause, self.hint = status, location, cause, hint
        self.headers = dict(headers or {})

    @property
    def body(self) -> bytes:
        said = {"location": _short(self.location), "cause": _short(self.cause), "hint": self.hint}
        return to_json({"error": said})


def _short(text: str | None) -> str | None:
    if text is None or len(text) <= _LONGEST:
        return text
    return f"{text[:_LONGEST]} ..."


def busy(cause: str, *, status: int = 503) -> RefusedError:
    """Too much at once: it may be tried again soon."""
    return RefusedError(status, cause, hint="Try again in a second.", headers={"retry-after": "1"})


def nothing_there(location: str, hint: str | None = None) -> RefusedError:
    return RefusedError(404, "there is nothing here", location=location, hint=hint)


def of_error(error: ElmanError) -> RefusedError:
    """What a model refused."""
    return RefusedError(422, error.cause, location=error.location, hint=error.hint)


def of_validation(error: ValidationError) -> RefusedError:
    """The first thing in a request that is not as the OpenAPI description has it."""
    first: Any = error.errors(include_url=False, include_context=False, include_input=False)[0]
    location = ".".join(map(str, first["loc"])) or "body"
    hint = "See /openapi.json for what is expected."
    return RefusedError(422, first["msg"], location=location, hint=hint)
