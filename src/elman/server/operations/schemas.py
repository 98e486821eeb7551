"""Schemas that several tasks share, and the parts that theirs are made of.

Requests are validated strictly: no unknown fields, no numbers in quotes, no NaN.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

MAX_BODY_BYTES = 256 * 1024
MAX_TEXT_LENGTH = 10_000  # characters
MAX_TEXTS = 64  # texts or vectors in one request
MAX_NUMBERS = 65_536  # numbers of a vector, rows of a history
MAX_COUNT = 50  # entries in a list of the most probable

Label = str | int | float | bool
Text = Annotated[str, Field(max_length=MAX_TEXT_LENGTH)]
Texts = Annotated[list[Text], Field(min_length=1, max_length=MAX_TEXTS)]
Count = Annotated[int, Field(ge=1, le=MAX_COUNT)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Vector = Annotated[list[Number], Field(min_length=1, max_length=MAX_NUMBERS)]
History = Annotated[
    list[Annotated[list[Number], Field(min_length=1)]],
    Field(min_length=1, max_length=MAX_NUMBERS),
]


class ApiRequest(BaseModel):
    """The body of a request.

    Attributes:
        max_bytes: the longest body that is read.
    """

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
    max_bytes: ClassVar[int] = MAX_BODY_BYTES


class ExplainRequest(ApiRequest):
    """The input of the model: a text; or a vector; or a history and one of its series (by default
    the first)."""

    text: Text | None = None
    vector: Vector | None = None
    history: History | None = None
    series: Text | None = None


class ClassProbability(TypedDict):
    label: Label
    probability: float


class TokenProbability(TypedDict):
    text: str
    probability: float
