"""The API's description in OpenAPI, which FastAPI makes from the endpoints' types."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from starlette.responses import Response

from elman.server.operations.schemas import ApiRequest
from elman.server.schemas import ErrorResponse
from elman.version import __version__

_ERRORS = (401, 403, 404, 413, 421, 422, 429, 503)

_EVENT_FIELDS = {name: {"type": "string"} for name in ("event", "data")}
EVENT_STREAM = {
    "text/event-stream": {
        "schema": {"type": "object", "properties": _EVENT_FIELDS, "required": ["data"]}
    }
}
PLAIN_TEXT = {"text/plain": {"schema": {"type": "string"}}}


@dataclass(frozen=True)
class Endpoint:
    """A method of a path: how it is described, and what answers it.

    Args:
        method: of HTTP.
        path: with variables in braces; below a model's path where the handler takes a model.
        handler: answers a request.
        name: of the operation.
        description: a sentence for people.
        request: the schema of the body, if there is one.
        response: the type of the answer.
        content: the media types of the answer where it is not JSON.
    """

    method: str
    path: str
    handler: Callable[..., Any]
    name: str
    description: str
    request: type[ApiRequest] | None
    response: Any
    content: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(
        cls, method: str, path: str, handler: Any, content: Mapping[str, Any] | None = None
    ) -> Self:
        """The endpoint of a function, described by its name, docstring and types."""
        signature = inspect.signature(handler, eval_str=True)
        request = signature.parameters.get("request")
        return cls(
            method,
            path,
            handler,
            handler.__name__,
            inspect.getdoc(handler) or "",
            None if request is None else request.annotation,
            signature.return_annotation,
            content or {},
        )


def describe_api(title: str, endpoints: Sequence[Endpoint]) -> dict[str, Any]:
    """The description of some endpoints, whose paths are whole."""
    return get_openapi(
        title=title, version=__version__, routes=[_route(each) for each in endpoints]
    )


def _route(endpoint: Endpoint) -> APIRoute:
    def described() -> None:
        """Never called: FastAPI reads the signature alone."""

    kind = inspect.Parameter.KEYWORD_ONLY
    variables = [part.strip("{}") for part in endpoint.path.split("/") if part.startswith("{")]
    parameters = [inspect.Parameter(name, kind, annotation=str) for name in variables]
    if endpoint.request is not None:
        parameters.append(inspect.Parameter("request", kind, annotation=endpoint.request))
    described.__name__ = endpoint.name
    described.__doc__ = endpoint.description
    described.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    responses: dict[int | str, dict[str, Any]] = {
        status: {"model": ErrorResponse} for status in _ERRORS
    }
    settings: dict[str, Any] = {"response_model": endpoint.response}
    if endpoint.content:
        responses[200] = {"content": endpoint.content}
        settings = {"response_model": None, "response_class": Response}
    return APIRoute(
        endpoint.path, described, methods=[endpoint.method], responses=responses, **settings
    )
