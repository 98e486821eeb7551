"""What is asked and what is answered, as OpenAPI says it.

Requests are checked to the letter: no other fields, no numbers in quotes, no NaN.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from elman.decoding.sampling import PENALTIES
from elman.metrics.keyboard import OFFERED
from elman.server import limits

Text = Annotated[str, Field(max_length=limits.TEXT)]
Sentence = Annotated[str, Field(max_length=limits.SENTENCE)]
Count = Annotated[int, Field(ge=1, le=limits.SUGGESTIONS)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Texts = Annotated[list[Text], Field(min_length=1, max_length=limits.TEXTS)]
Vector = Annotated[list[Number], Field(min_length=1, max_length=limits.NUMBERS)]
History = Annotated[
    list[Annotated[list[Number], Field(min_length=1)]],
    Field(min_length=1, max_length=limits.NUMBERS),
]


class Asked(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
    most_bytes: ClassVar[int] = limits.BODY


class ToPredict(Asked):
    """Texts to be named a class of."""

    texts: Texts


class ToTag(Asked):
    """Sentences, word by word."""

    sentences: Annotated[
        list[Annotated[list[Text], Field(max_length=limits.WORDS)]],
        Field(min_length=1, max_length=limits.TEXTS),
    ]


class ToTranslate(Asked):
    texts: Annotated[list[Sentence], Field(min_length=1, max_length=limits.TEXTS)]
    count: Annotated[int, Field(ge=1, le=limits.BEAM)] = 1
    beam: Annotated[int, Field(ge=1, le=limits.BEAM)] = 5
    attention: bool = False


class ToDescribe(Asked):
    vectors: Annotated[list[Vector], Field(min_length=1, max_length=limits.TEXTS)]
    count: Annotated[int, Field(ge=1, le=limits.BEAM)] = 1
    beam: Annotated[int, Field(ge=1, le=limits.BEAM)] = 5


class ToForecast(Asked):
    """A history, a row of numbers a step; without one, the values that the model has learned."""

    horizon: Annotated[int, Field(ge=1)] | None = None
    history: History | None = None


class ToGenerate(Asked):
    prompt: Text = ""
    length: Annotated[int, Field(ge=1, le=limits.TOKENS)] = 400
    temperature: Annotated[float, Field(ge=0)] = 1.0
    top_k: Annotated[int, Field(ge=1)] | None = None
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    min_p: Annotated[float, Field(ge=0, le=1)] | None = None
    repetition_penalty: Annotated[float, Field(ge=PENALTIES[0], le=PENALTIES[1])] = 1.0
    stop: Annotated[list[Text], Field(max_length=limits.STOPS)] = []
    seed: Annotated[int, Field(ge=0, le=2**63 - 1)] | None = None


class ToSuggest(Asked):
    text: Text
    count: Count = 3


class ToExplain(Asked):
    """What the model reads: a text; or a vector; or a history, as it is forecast from, and which of
    its series, by default the first."""

    text: Text | None = None
    vector: Vector | None = None
    history: History | None = None
    series: Text | None = None


class ToBegin(Asked):
    """A new session; or, with what `export` gave, one that goes on from there."""

    exported: Annotated[str, Field(max_length=limits.BODY)] | None = None


class ToStep(Asked):
    text: Annotated[Text, Field(min_length=1)]
    count: Count = 3


class ToRewind(Asked):
    steps: Annotated[int, Field(ge=1)]


class ToOpen(Asked):
    """A new keyboard; with what `memory` or `elman type --memory` gave, one that knows it."""

    most_bytes: ClassVar[int] = limits.MEMORY
    memory: dict[str, Any] | None = None


class ToWrite(Asked):
    """The text as it now stands, and the suggestion for it that is taken, if one is."""

    text: Annotated[str, Field(max_length=limits.WRITTEN)]
    accept: Annotated[int, Field(ge=0, lt=OFFERED)] | None = None


class ToForget(Asked):
    word: Text


class Nothing(Asked):
    """`{}`, or no body at all."""


Label = str | int | float | bool


class Fault(TypedDict):
    location: str | None
    cause: str
    hint: str | None


class Error(TypedDict):
    error: Fault


class Class(TypedDict):
    label: Label
    probability: float


class Classified(TypedDict):
    classes: list[Class]


class Predictions(TypedDict):
    predictions: list[Classified]


class Tags(TypedDict):
    words: list[str]
    tags: list[str]
    probability: float


class Tagged(TypedDict):
    sentences: list[Tags]


class Rewritten(TypedDict):
    text: str
    probability: float
    pieces: list[str]
    probabilities: list[float]
    attention: list[list[float]] | None
    source: list[str] | None


class Rewrites(TypedDict):
    rewrites: list[list[Rewritten]]


class Forecasts(TypedDict):
    names: list[str]
    dates: list[str]
    median: list[list[float]]
    low_80: list[list[float]]
    high_80: list[list[float]]
    low_95: list[list[float]]
    high_95: list[list[float]]


class Suggested(TypedDict):
    word: str
    probability: float


class Suggestions(TypedDict):
    suggestions: list[Suggested]


class Token(TypedDict):
    text: str
    probability: float


class Session(TypedDict):
    """A session: how much it has read, in steps, and how many of them can be taken back."""

    session: str
    steps: int
    back: int


class Step(TypedDict, total=False):
    """What a session expects now: a language model what is `next`, a classifier its `classes`."""

    session: str
    steps: int
    next: list[Token]
    classes: list[Class]


class Offered(TypedDict):
    """A word, and whether it is among those that the user taught."""

    word: str
    probability: float
    learned: bool


class Typed(TypedDict):
    """What stands on a keyboard, what it offers, what that saved; and how many words it learned."""

    keyboard: str
    text: str
    suggestions: list[Offered]
    keystrokes: int
    saved: int
    learned: int


class LearnedWord(TypedDict):
    word: str
    times: int
    after: dict[str, int]


class LearnedWords(TypedDict):
    words: list[LearnedWord]


class Exported(TypedDict):
    exported: str


class About(TypedDict):
    name: str
    task: str
    hash: str
    operations: list[str]
    labels: list[Label]
    about: dict[str, Any]


class Models(TypedDict):
    models: list[About]


class Health(TypedDict):
    status: str
