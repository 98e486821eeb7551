"""What the models of each task can do over HTTP: the only place in the server that knows tasks.

The functions here answer a batch of requests; they run in a model's own thread.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from elman.errors import EmptyTextError, InputError
from elman.server.dispatcher import answer_each
from elman.server.schemas import (
    ApiRequest,
    DescribeRequest,
    ExplainRequest,
    ForecastRequest,
    ForecastResponse,
    HypothesesResponse,
    PredictRequest,
    PredictResponse,
    SentenceTags,
    SuggestRequest,
    SuggestResponse,
    TagRequest,
    TagResponse,
    TranslateRequest,
)
from elman.server.stateful import (
    ClassifierRunner,
    LanguageModelRunner,
    StatefulRunner,
    ranked_classes,
)
from elman.tasks.classification.model import Classifier
from elman.tasks.description.model import Describer
from elman.tasks.forecasting.model import Forecaster
from elman.tasks.language_modeling.model import LanguageModel
from elman.tasks.tagging.model import Tagger
from elman.tasks.translation.model import Translator


@dataclass(frozen=True)
class Operation:
    """An operation that answers requests in batches, at POST /models/{name}/{operation}.

    Args:
        name: in the path.
        description: for OpenAPI.
        request: the schema of a request.
        response: the schema of an answer.
        run: the model and a batch of requests to the answer or the error of each.
    """

    name: str
    description: str
    request: type[ApiRequest]
    response: Any
    run: Callable[[Any, Sequence[Any]], Sequence[Any]]


@dataclass(frozen=True)
class ModelOperations:
    """What the models of one task can do.

    Args:
        batched: their operations.
        generates: whether they generate text, and so have keyboards too.
        runner: makes the runner of a model's sessions, or None for a model that cannot have any.
    """

    batched: tuple[Operation, ...]
    generates: bool = False
    runner: Callable[[Any], StatefulRunner | None] = lambda _: None


def predict(model: Classifier, requests: Sequence[PredictRequest]) -> list[PredictResponse]:
    labels = model.classes_.tolist()

    def classify(texts: list[str], _: PredictRequest) -> list[Any]:
        return [{"classes": ranked_classes(labels, row)} for row in model.predict_proba(texts)]

    found = _batched(requests, lambda request: request.texts, classify)
    return [{"predictions": each} for each in found]


def tag(model: Tagger, requests: Sequence[TagRequest]) -> list[TagResponse]:
    def tag_all(sentences: list[list[str]], _: TagRequest) -> list[SentenceTags]:
        best = (each[0] for each in model.predict_best(sentences, 1))
        return [
            {"words": words, "tags": tags, "probability": probability}
            for words, (tags, probability) in zip(sentences, best, strict=True)
        ]

    found = _batched(requests, lambda request: request.sentences, tag_all)
    return [{"sentences": each} for each in found]


def translate(model: Translator, requests: Sequence[TranslateRequest]) -> list[HypothesesResponse]:
    def search(texts: list[str], request: TranslateRequest) -> list[Any]:
        options: Any = {"beam": request.beam, "attention": request.attention}
        return _hypotheses(model.predict_best(texts, request.count, **options))

    def settings(request: TranslateRequest) -> Any:
        return request.count, request.beam, request.attention

    found = _batched(requests, lambda request: request.texts, search, settings)
    return [{"hypotheses": each} for each in found]


def describe(model: Describer, requests: Sequence[DescribeRequest]) -> list[HypothesesResponse]:
    def search(vectors: list[list[float]], request: DescribeRequest) -> list[Any]:
        table = _array(vectors, "vectors")
        return _hypotheses(model.predict_best(table, request.count, beam=request.beam))

    def settings(request: DescribeRequest) -> Any:
        return request.count, request.beam, len(request.vectors[0])

    found = _batched(requests, lambda request: request.vectors, search, settings)
    return [{"hypotheses": each} for each in found]


def forecast(
    model: Forecaster, requests: Sequence[ForecastRequest]
) -> list[ForecastResponse | Exception]:
    def one(request: ForecastRequest) -> ForecastResponse:
        history = None if request.history is None else _array(request.history, "history")
        with np.errstate(all="ignore"):
            found = model.predict(request.horizon, history)
        tables = (found.median, found.low_80, found.high_80, found.low_95, found.high_95)
        if not all(np.isfinite(table).all() for table in tables):
            raise InputError(
                "the numbers are too large to forecast", location="history", hint="Scale them."
            )
        median, low_80, high_80, low_95, high_95 = (table.tolist() for table in tables)
        return {
            "names": list(found.names),
            "dates": list(found.dates),
            "median": median,
            "low_80": low_80,
            "high_80": high_80,
            "low_95": low_95,
            "high_95": high_95,
        }

    return answer_each(one, requests)


def suggest(
    model: LanguageModel, requests: Sequence[SuggestRequest]
) -> list[SuggestResponse | Exception]:
    def one(request: SuggestRequest) -> SuggestResponse:
        found = model.suggest(request.text, request.count)
        return {
            "suggestions": [{"word": each.word, "probability": each.probability} for each in found]
        }

    return answer_each(one, requests)


def _explain(
    input_name: str, explain: Callable[[Any, ExplainRequest], Any], *options: str
) -> Operation:
    """The operation that explains what a model predicts from one input.

    Args:
        input_name: the field of the request that the model reads.
        explain: the model and the request to a trace.
        options: further fields that it reads.
    """

    def run(model: Any, requests: Sequence[ExplainRequest]) -> list[dict[str, Any] | Exception]:
        def one(request: ExplainRequest) -> dict[str, Any]:
            for name in sorted(request.model_fields_set.difference((input_name, *options))):
                raise InputError(
                    f"this model explains its {input_name}", location=name, hint="Leave it out."
                )
            trace: dict[str, Any] = explain(model, request).as_dict()
            return trace

        return answer_each(one, requests)

    description = "The trace of one input: what the network read, remembered and predicted."
    return Operation("explain", description, ExplainRequest, dict[str, Any], run)


def _explain_text(model: Any, request: ExplainRequest) -> Any:
    if request.text is None:
        raise EmptyTextError("it is missing", location="text", hint="Add one.")
    return model.explain(request.text)


def _explain_vector(model: Describer, request: ExplainRequest) -> Any:
    if request.vector is None:
        raise InputError("it is missing", location="vector", hint="Add its numbers.")
    return model.explain(_array([request.vector], "vector")[0])


def _explain_history(model: Forecaster, request: ExplainRequest) -> Any:
    history = None if request.history is None else _array(request.history, "history")
    with np.errstate(all="ignore"):
        return model.explain(history, series=request.series)


def _classifier_runner(model: Classifier) -> StatefulRunner | None:
    """None for a bidirectional one: it predicts nothing before the end of the text."""
    return ClassifierRunner(model) if model.network_.config.directions == 1 else None


_EXPLAIN_TEXT = _explain("text", _explain_text)

OPERATIONS: Mapping[str, ModelOperations] = {
    "classify": ModelOperations(
        (
            Operation("predict", "Classify each text.", PredictRequest, PredictResponse, predict),
            _EXPLAIN_TEXT,
        ),
        runner=_classifier_runner,
    ),
    "tag": ModelOperations(
        (
            Operation("tag", "Tag each word of each sentence.", TagRequest, TagResponse, tag),
            _EXPLAIN_TEXT,
        )
    ),
    "translate": ModelOperations(
        (
            Operation(
                "translate",
                "Translate each text: its best hypotheses, with attention if requested.",
                TranslateRequest,
                HypothesesResponse,
                translate,
            ),
            _EXPLAIN_TEXT,
        )
    ),
    "describe": ModelOperations(
        (
            Operation(
                "describe",
                "Describe each vector: its best hypotheses.",
                DescribeRequest,
                HypothesesResponse,
                describe,
            ),
            _explain("vector", _explain_vector),
        )
    ),
    "forecast": ModelOperations(
        (
            Operation(
                "forecast",
                "Forecast the next values, one row per step, with 80 % and 95 % intervals.",
                ForecastRequest,
                ForecastResponse,
                forecast,
            ),
            _explain("history", _explain_history, "series"),
        )
    ),
    "language": ModelOperations(
        (
            Operation(
                "suggest",
                "Suggest the next word, or completions of the unfinished last word.",
                SuggestRequest,
                SuggestResponse,
                suggest,
            ),
            _EXPLAIN_TEXT,
        ),
        generates=True,
        runner=LanguageModelRunner,
    ),
}
"""The operations by the name of the task."""


def _batched(
    requests: Sequence[Any],
    inputs_of: Callable[[Any], list[Any]],
    run: Callable[[list[Any], Any], list[Any]],
    settings_of: Callable[[Any], Any] = lambda _: None,
) -> list[list[Any]]:
    """Run the inputs of all requests with equal settings in one call, and give each its own.

    Args:
        run: inputs, and a request with their settings, to an output for each input.
    """
    groups: dict[Any, list[int]] = defaultdict(list)
    for index, request in enumerate(requests):
        groups[settings_of(request)].append(index)
    outputs: dict[int, list[Any]] = {}
    for indices in groups.values():
        inputs = [inputs_of(requests[index]) for index in indices]
        found = iter(run([one for each in inputs for one in each], requests[indices[0]]))
        for index, each in zip(indices, inputs, strict=True):
            outputs[index] = [next(found) for _ in each]
    return [outputs[index] for index in range(len(requests))]


def _array(rows: list[list[float]], location: str) -> Any:
    """Rows of numbers as an array of float64.

    Raises:
        InputError: where their lengths differ, or a number is too large for float32.
    """
    if len({len(row) for row in rows}) != 1:
        raise InputError(
            "the rows have different lengths", location=location, hint="Make them equally long."
        )
    table = np.array(rows, dtype=np.float64)
    if (np.abs(table) > np.finfo(np.float32).max).any():
        raise InputError("a number is too large", location=location, hint="Scale them.")
    return table


def _hypotheses(found: Sequence[Sequence[Any]]) -> list[Any]:
    """The hypotheses of each input as plain data."""
    return [
        [
            {
                "text": each.text,
                "probability": each.probability,
                "tokens": each.pieces,
                "token_probabilities": each.probabilities,
                "attention": each.attention,
                "source_tokens": each.source,
            }
            for each in best
        ]
        for best in found
    ]
