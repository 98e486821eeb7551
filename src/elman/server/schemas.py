"""Schemas of the requests and responses that belong to no task, as OpenAPI describes them."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import Field
from typing_extensions import TypedDict

from elman.decoding.sampling import PENALTIES
from elman.metrics.keyboard import OFFERED
from elman.server import limits
from elman.server.operations.schemas import (
    MAX_BODY_BYTES,
    ApiRequest,
    ClassProbability,
    Count,
    Label,
    Text,
    TokenProbability,
)


class GenerateRequest(ApiRequest):
    """A prompt to continue, and how to sample; `length` counts tokens."""

    prompt: Text = ""
    length: Annotated[int, Field(ge=1, le=limits.MAX_TOKENS)] = 400
    temperature: Annotated[float, Field(ge=0)] = 1.0
    top_k: Annotated[int, Field(ge=1)] | None = None
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    min_p: Annotated[float, Field(ge=0, le=1)] | None = None
    repetition_penalty: Annotated[float, Field(ge=PENALTIES[0], le=PENALTIES[1])] = 1.0
    stop: Annotated[list[Text], Field(max_length=limits.MAX_STOPS)] = Field(default=[])
    seed: Annotated[int, Field(ge=0, le=2**63 - 1)] | None = None


class CreateSessionRequest(ApiRequest):
    """A new session; with the answer of `export`, one that continues from there."""

    exported: Annotated[str, Field(max_length=MAX_BODY_BYTES)] | None = None


class StepRequest(ApiRequest):
    """A text to feed, and how many of the most probable tokens or classes to return."""

    text: Annotated[Text, Field(min_length=1)]
    count: Count = 3


class RewindRequest(ApiRequest):
    """How many steps to undo."""

    steps: Annotated[int, Field(ge=1)]


class CreateKeyboardRequest(ApiRequest):
    """A new keyboard; with what `memory` or `elman type --memory` wrote, one that knows it."""

    max_bytes: ClassVar[int] = limits.MAX_MEMORY_BYTES
    memory: dict[str, Any] | None = None


class WriteRequest(ApiRequest):
    """The whole text as it is now, and the index of the suggestion to accept for it, if any."""

    text: Annotated[str, Field(max_length=limits.MAX_KEYBOARD_LENGTH)]
    accept: Annotated[int, Field(ge=0, lt=OFFERED)] | None = None


class ForgetRequest(ApiRequest):
    """A word to forget."""

    word: Text


class EmptyRequest(ApiRequest):
    """`{}`, or no body at all."""


class ErrorDetail(TypedDict):
    """What is wrong, where, and what to do about it."""

    location: str | None
    cause: str
    hint: str | None


class ErrorResponse(TypedDict):
    error: ErrorDetail


class SessionResponse(TypedDict):
    """A session: the steps fed so far, and how many of them can be undone."""

    session: str
    steps: int
    rewindable: int


class StepResponse(TypedDict, total=False):
    """What follows: the most probable `next` tokens of a language model, or the `classes` of a
    classifier so far."""

    session: str
    steps: int
    next: list[TokenProbability]
    classes: list[ClassProbability]


class KeyboardSuggestion(TypedDict):
    """A word, and whether the user has written it before."""

    word: str
    probability: float
    user_word: bool


class KeyboardState(TypedDict):
    """A keyboard: its text and suggestions, the keystrokes made and saved, and how many words it
    has learned from its user."""

    keyboard: str
    text: str
    suggestions: list[KeyboardSuggestion]
    keystrokes: int
    keystrokes_saved: int
    user_words: int


class UserWord(TypedDict):
    """A word of the user, how often it was written, and how often after which word."""

    word: str
    count: int
    after: dict[str, int]


class UserWordsResponse(TypedDict):
    words: list[UserWord]


class ExportResponse(TypedDict):
    exported: str


class ModelResponse(TypedDict):
    """A model: `hash` is the SHA-256 of its file, `details` what its `describe()` returns."""

    name: str
    task: str
    hash: str
    operations: list[str]
    labels: list[Label]
    details: dict[str, Any]


class ModelsResponse(TypedDict):
    models: list[ModelResponse]


class StatusResponse(TypedDict):
    status: str
