"""What the server says instead of an answer: a status, and `{"error": {place, cause, advice}}`.

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

_LONGEST = 300  # characters of a place or a cause: what came in may be said again in it


class RefusedError(Exception):
    """A request that is not answered as was asked."""

    def __init__(
        self,
        status: int,
        cause: str,
        *,
        place: str | None = None,
        advice: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(cause)
        self.status, self.place, self.cause, self.advice = status, place, cause, advice
        self.headers = dict(headers or {})

    @property
    def body(self) -> bytes:
        said = {"place": _short(self.place), "cause": _short(self.cause), "advice": self.advice}
        return to_json({"error": said})


def _short(text: str | None) -> str | None:
    if text is None or len(text) <= _LONGEST:
        return text
    return f"{text[:_LONGEST]} ..."


def busy(cause: str, *, status: int = 503) -> RefusedError:
    """Too much at once: it may be tried again soon."""
    return RefusedError(
        status, cause, advice="Try again in a second.", headers={"retry-after": "1"}
    )


def nothing_there(place: str, advice: str | None = None) -> RefusedError:
    return RefusedError(404, "there is nothing here", place=place, advice=advice)


def of_error(error: ElmanError) -> RefusedError:
    """What a model refused."""
    return RefusedError(422, error.cause, place=error.place, advice=error.advice)


def of_validation(error: ValidationError) -> RefusedError:
    """The first thing in a request that is not as the OpenAPI description has it."""
    first: Any = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = ".".join(map(str, first["loc"])) or "body"
    advice = "See /openapi.json for what is expected."
    return RefusedError(422, first["msg"], place=place, advice=advice)
