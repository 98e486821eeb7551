"""What the models are asked, several requests at once; all of it runs in a model's own thread."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any, TypeVar, cast

import numpy as np

from elman.errors import EmptyTextError, InputError
from elman.server.desk import one_by_one
from elman.server.schemas import (
    Forecasts,
    Predictions,
    Rewrites,
    Rewritten,
    Suggestions,
    Tagged,
    ToDescribe,
    ToExplain,
    ToForecast,
    ToSuggest,
    ToTranslate,
)
from elman.server.streams import classes
from elman.tasks.classification.model import Classifier
from elman.tasks.description.model import Describer
from elman.tasks.estimator import Model
from elman.tasks.forecasting.model import Forecaster
from elman.tasks.language_modeling.model import LanguageModel
from elman.tasks.seq2seq.generation import GeneratedText
from elman.tasks.tagging.model import Tagger
from elman.tasks.translation.model import Translator

OPERATIONS: dict[str, list[str]] = {
    "classify": ["predict", "explain"],
    "tag": ["tag", "explain"],
    "translate": ["translate", "explain"],
    "describe": ["describe", "explain"],
    "forecast": ["forecast", "explain"],
    "language": ["generate", "suggest", "explain", "keyboards"],
}
"""What a model of each task does."""

_READS = {"describe": ("vector",), "forecast": ("history", "series")}
"""What is explained to whom: a text, but for these tasks."""

One = TypeVar("One")
Many = TypeVar("Many")


class Works:
    """Of one model."""

    def __init__(self, model: Model) -> None:
        self._model: Any = model

    def predict(self, given: Sequence[list[str]]) -> list[Predictions]:
        model = cast("Classifier", self._model)
        labels = model.classes_.tolist()

        def ask(texts: list[str]) -> list[Any]:
            return [{"classes": classes(labels, row)} for row in model.predict_proba(texts)]

        return [{"predictions": each} for each in _together(given, ask)]

    def tag(self, given: Sequence[list[list[str]]]) -> list[Tagged]:
        model = cast("Tagger", self._model)

        def ask(sentences: list[list[str]]) -> list[Any]:
            best = (each[0] for each in model.predict_best(sentences, 1))
            return [
                {"words": words, "tags": tags, "probability": probability}
                for words, (tags, probability) in zip(sentences, best, strict=True)
            ]

        return [{"sentences": each} for each in _together(given, ask)]

    def translate(self, given: Sequence[ToTranslate]) -> list[Rewrites]:
        model = cast("Translator", self._model)

        def ask(asked: ToTranslate, texts: list[str]) -> list[Any]:
            found = model.predict_best(
                texts, asked.count, beam=asked.beam, attention=asked.attention
            )
            return [[_rewritten(each) for each in best] for best in found]

        settled = [(asked.count, asked.beam, asked.attention) for asked in given]
        found = _together_by(given, settled, lambda each: each.texts, ask)
        return [{"rewrites": each} for each in found]

    def describe(self, given: Sequence[ToDescribe]) -> list[Rewrites]:
        model = cast("Describer", self._model)

        def ask(asked: ToDescribe, vectors: list[list[float]]) -> list[Any]:
            found = model.predict_best(_table(vectors, "vectors"), asked.count, beam=asked.beam)
            return [[_rewritten(each) for each in best] for best in found]

        settled = [(asked.count, asked.beam, len(asked.vectors[0])) for asked in given]
        found = _together_by(given, settled, lambda each: each.vectors, ask)
        return [{"rewrites": each} for each in found]

    def forecast(self, given: Sequence[ToForecast]) -> list[Forecasts | Exception]:
        return one_by_one(self._forecast, given)

    def _forecast(self, asked: ToForecast) -> Forecasts:
        model = cast("Forecaster", self._model)
        history = None if asked.history is None else _table(asked.history, "history")
        with np.errstate(all="ignore"):
            found = model.predict(asked.horizon, history)
        ends = (found.low_80, found.high_80, found.low_95, found.high_95)
        if not all(np.isfinite(each).all() for each in (found.median, *ends)):
            raise InputError(
                "the numbers are too large to go on from", location="history", hint="Scale them."
            )
        low_80, high_80, low_95, high_95 = (each.tolist() for each in ends)
        return {
            "names": list(found.names),
            "dates": list(found.dates),
            "median": found.median.tolist(),
            "low_80": low_80,
            "high_80": high_80,
            "low_95": low_95,
            "high_95": high_95,
        }

    def suggest(self, given: Sequence[ToSuggest]) -> list[Suggestions | Exception]:
        model = cast("LanguageModel", self._model)

        def ask(asked: ToSuggest) -> Suggestions:
            found = model.suggest(asked.text, asked.count)
            return {"suggestions": [_named(each) for each in found]}

        return one_by_one(ask, given)

    def explain(self, given: Sequence[ToExplain]) -> list[dict[str, Any] | Exception]:
        return one_by_one(self._explain, given)

    def _explain(self, asked: ToExplain) -> dict[str, Any]:
        reads = _READS.get(self._model.task, ("text",))
        for name in sorted(asked.model_fields_set.difference(reads)):
            raise InputError(
                f"this model reads none: it explains a {reads[0]}", location=name, hint="Leave it."
            )
        if isinstance(self._model, Forecaster):
            history = None if asked.history is None else _table(asked.history, "history")
            with np.errstate(all="ignore"):
                trace = self._model.explain(history, series=asked.series)
        elif isinstance(self._model, Describer):
            if asked.vector is None:
                raise InputError("there is none", location="vector", hint="Give its numbers.")
            trace = self._model.explain(_table([asked.vector], "vector")[0])
        else:
            if asked.text is None:
                raise EmptyTextError("there is none", location="text", hint="Give one.")
            trace = self._model.explain(asked.text)
        return trace.as_dict()


def _together(
    given: Sequence[list[Many]], ask: Callable[[list[Many]], list[One]]
) -> list[list[One]]:
    """What is asked of all at once, handed back to each."""
    found = iter(ask([one for each in given for one in each]))
    return [[next(found) for _ in each] for each in given]


def _together_by(
    given: Sequence[Any],
    settled: Sequence[Any],
    parts: Callable[[Any], list[Any]],
    ask: Callable[[Any, list[Any]], list[One]],
) -> list[list[One]]:
    """The same of all that were asked with the same settings."""
    alike: dict[Any, list[int]] = defaultdict(list)
    for place, settings in enumerate(settled):
        alike[settings].append(place)
    found: dict[int, list[One]] = {}
    for places in alike.values():
        asked = [parts(given[place]) for place in places]
        first = given[places[0]]
        answers = _together(asked, lambda listed, first=first: ask(first, listed))  # type: ignore[misc]
        found |= dict(zip(places, answers, strict=True))
    return [found[place] for place in range(len(given))]


def _table(rows: list[list[float]], location: str) -> Any:
    """Rows of numbers as an array.

    Raises:
        InputError: where they are not of one length, or not of float32.
    """
    if len({len(row) for row in rows}) != 1:
        raise InputError("the rows are not of one length", location=location, hint="Make them so.")
    table = np.array(rows, dtype=np.float64)
    if (np.abs(table) > np.finfo(np.float32).max).any():
        raise InputError("a number is too large", location=location, hint="Scale them.")
    return table


def _rewritten(rewrite: GeneratedText) -> Rewritten:
    return {
        "text": rewrite.text,
        "probability": rewrite.probability,
        "pieces": rewrite.pieces,
        "probabilities": rewrite.probabilities,
        "attention": rewrite.attention,
        "source": rewrite.source,
    }


def _named(suggestion: Any) -> Any:
    return {"word": suggestion.word, "probability": suggestion.probability}
