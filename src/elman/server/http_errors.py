"""Errors of the API: a status and `{"error": {"location", "cause", "hint"}}`.

400 malformed HTTP; 401 missing key; 403 cross-origin request; 404 not found; 405 method not
allowed; 413 body too large; 421 unknown host; 422 invalid request; 429 too many requests of one
client; 431 head too large; 500 internal error; 503 overloaded, or timed out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import to_json

from elman.errors import ElmanError

_MAX_QUOTED = 300  # characters of a location or a cause, which may quote the request


class ApiError(Exception):
    """A request that ends with an error.

    Args:
        status: of HTTP.
        cause: what is wrong.
        location: the header, field or path that is wrong.
        hint: what to do about it.
        headers: of the response, besides its type and length.
    """

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
        detail = {
            "location": _shortened(self.location),
            "cause": _shortened(self.cause),
            "hint": self.hint,
        }
        return to_json({"error": detail})


def _shortened(text: str | None) -> str | None:
    if text is None or len(text) <= _MAX_QUOTED:
        return text
    return f"{text[:_MAX_QUOTED]} ..."


def overloaded(cause: str, *, status: int = 503) -> ApiError:
    """An error that a retry may overcome."""
    return ApiError(status, cause, hint="Try again in a second.", headers={"retry-after": "1"})


def not_found(location: str, hint: str) -> ApiError:
    return ApiError(404, "not found", location=location, hint=hint)


def too_large(max_bytes: int) -> ApiError:
    return ApiError(
        413,
        f"the body is larger than {max_bytes:,} bytes",
        location="body",
        hint="Send less at once.",
        headers={"connection": "close"},
    )


def from_elman_error(error: ElmanError) -> ApiError:
    """An error that a model raised for its input."""
    return ApiError(422, error.cause, location=error.location, hint=error.hint)


def from_validation_error(error: ValidationError) -> ApiError:
    """The first field that does not match its schema."""
    first: Any = error.errors(include_url=False, include_context=False, include_input=False)[0]
    location = ".".join(map(str, first["loc"])) or "body"
    return ApiError(422, first["msg"], location=location, hint="See /openapi.json for the schema.")
