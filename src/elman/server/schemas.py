"""Schemas of requests and responses, as OpenAPI describes them.

Requests are validated strictly: no unknown fields, no numbers in quotes, no NaN.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from elman.decoding.sampling import PENALTIES
from elman.metrics.keyboard import OFFERED
from elman.server import limits

Text = Annotated[str, Field(max_length=limits.MAX_TEXT_LENGTH)]
SourceText = Annotated[str, Field(max_length=limits.MAX_SOURCE_LENGTH)]
Count = Annotated[int, Field(ge=1, le=limits.MAX_COUNT)]
BeamCount = Annotated[int, Field(ge=1, le=limits.MAX_BEAM)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Texts = Annotated[list[Text], Field(min_length=1, max_length=limits.MAX_TEXTS)]
Vector = Annotated[list[Number], Field(min_length=1, max_length=limits.MAX_NUMBERS)]
History = Annotated[
    list[Annotated[list[Number], Field(min_length=1)]],
    Field(min_length=1, max_length=limits.MAX_NUMBERS),
]


class ApiRequest(BaseModel):
    """The body of a request.

    Attributes:
        max_bytes: the longest body that is read.
    """

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
    max_bytes: ClassVar[int] = limits.MAX_BODY_BYTES


class PredictRequest(ApiRequest):
    """Texts to classify."""

    texts: Texts


class TagRequest(ApiRequest):
    """Sentences to tag, each a list of words."""

    sentences: Annotated[
        list[Annotated[list[Text], Field(max_length=limits.MAX_WORDS)]],
        Field(min_length=1, max_length=limits.MAX_TEXTS),
    ]


class TranslateRequest(ApiRequest):
    """Texts to translate; `count` hypotheses each, found by a beam search of this width."""

    texts: Annotated[list[SourceText], Field(min_length=1, max_length=limits.MAX_TEXTS)]
    count: BeamCount = 1
    beam: BeamCount = 5
    attention: bool = False


class DescribeRequest(ApiRequest):
    """Vectors to describe; `count` hypotheses each, found by a beam search of this width."""

    vectors: Annotated[list[Vector], Field(min_length=1, max_length=limits.MAX_TEXTS)]
    count: BeamCount = 1
    beam: BeamCount = 5


class ForecastRequest(ApiRequest):
    """A history, one row of numbers per step; by default the end of the training series."""

    horizon: Annotated[int, Field(ge=1)] | None = None
    history: History | None = None


class GenerateRequest(ApiRequest):
    """A prompt to continue, and how to sample; `length` counts tokens."""

    prompt: Text = ""
    length: Annotated[int, Field(ge=1, le=limits.MAX_TOKENS)] = 400
    temperature: Annotated[float, Field(ge=0)] = 1.0
    top_k: Annotated[int, Field(ge=1)] | None = None
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    min_p: Annotated[float, Field(ge=0, le=1)] | None = None
    repetition_penalty: Annotated[float, Field(ge=PENALTIES[0], le=PENALTIES[1])] = 1.0
    stop: Annotated[list[Text], Field(max_length=limits.MAX_STOPS)] = []
    seed: Annotated[int, Field(ge=0, le=2**63 - 1)] | None = None


class SuggestRequest(ApiRequest):
    """A text whose next word, or whose unfinished last word, is to be suggested."""

    text: Text
    count: Count = 3


class ExplainRequest(ApiRequest):
    """The input of the model: a text; or a vector; or a history and one of its series (by default
    the first)."""

    text: Text | None = None
    vector: Vector | None = None
    history: History | None = None
    series: Text | None = None


class CreateSessionRequest(ApiRequest):
    """A new session; with the answer of `export`, one that continues from there."""

    exported: Annotated[str, Field(max_length=limits.MAX_BODY_BYTES)] | None = None


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


Label = str | int | float | bool


class ErrorDetail(TypedDict):
    """What is wrong, where, and what to do about it."""

    location: str | None
    cause: str
    hint: str | None


class ErrorResponse(TypedDict):
    error: ErrorDetail


class ClassProbability(TypedDict):
    label: Label
    probability: float


class TextPrediction(TypedDict):
    """All classes, the most probable first."""

    classes: list[ClassProbability]


class PredictResponse(TypedDict):
    predictions: list[TextPrediction]


class SentenceTags(TypedDict):
    """A tag per word, and the probability of the whole tag sequence."""

    words: list[str]
    tags: list[str]
    probability: float


class TagResponse(TypedDict):
    sentences: list[SentenceTags]


class TargetHypothesis(TypedDict):
    """A target text of a beam search, its tokens, and the attention (target tokens x source
    tokens) where it was requested."""

    text: str
    probability: float
    tokens: list[str]
    token_probabilities: list[float]
    attention: list[list[float]] | None
    source_tokens: list[str] | None


class HypothesesResponse(TypedDict):
    """The hypotheses of each input, the most probable first."""

    hypotheses: list[list[TargetHypothesis]]


class ForecastResponse(TypedDict):
    """A row per step, a column per series: medians and the bounds of 80 % and 95 % intervals."""

    names: list[str]
    dates: list[str]
    median: list[list[float]]
    low_80: list[list[float]]
    high_80: list[list[float]]
    low_95: list[list[float]]
    high_95: list[list[float]]


class WordProbability(TypedDict):
    word: str
    probability: float


class SuggestResponse(TypedDict):
    suggestions: list[WordProbability]


class TokenProbability(TypedDict):
    text: str
    probability: float


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
