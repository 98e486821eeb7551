"""The classifier over HTTP.

Shapes: N rows, K classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from typing_extensions import TypedDict

from elman.server.operations.operation import (
    EXPLAIN_TEXT,
    ModelOperations,
    Operation,
    run_grouped,
)
from elman.server.operations.schemas import ApiRequest, ClassProbability, Texts
from elman.server.operations.stateful import StatefulRunner
from elman.tasks.classification.model import Classifier


class PredictRequest(ApiRequest):
    """Texts to classify."""

    texts: Texts


class TextPrediction(TypedDict):
    """All classes, the most probable first."""

    classes: list[ClassProbability]


class PredictResponse(TypedDict):
    predictions: list[TextPrediction]


class ClassifierRunner(StatefulRunner):
    """Returns the most probable classes of the text so far."""

    def _answers(self, outputs: Any, counts: Sequence[int]) -> list[dict[str, Any]]:
        """Of probabilities (N, K)."""
        labels = self._model.classes_.tolist()
        rows = zip(outputs, counts, strict=True)
        return [{"classes": ranked_classes(labels, row)[:count]} for row, count in rows]


def ranked_classes(labels: Sequence[Any], probabilities: Any) -> list[ClassProbability]:
    """The classes with their probabilities (K,), the most probable first."""
    order = np.argsort(-probabilities, kind="stable").tolist()
    values = probabilities.tolist()
    return [{"label": labels[index], "probability": values[index]} for index in order]


def predict(model: Classifier, requests: Sequence[PredictRequest]) -> list[PredictResponse]:
    labels = model.classes_.tolist()

    def classify(texts: list[str], _: PredictRequest) -> list[Any]:
        return [{"classes": ranked_classes(labels, row)} for row in model.predict_proba(texts)]

    found = run_grouped(requests, lambda request: request.texts, classify)
    return [{"predictions": each} for each in found]


def _classifier_runner(model: Classifier) -> StatefulRunner | None:
    """None for a bidirectional one: it predicts nothing before the end of the text."""
    return ClassifierRunner(model) if model._config.directions == 1 else None


OPERATIONS = ModelOperations(
    (
        Operation("predict", "Classify each text.", PredictRequest, PredictResponse, predict),
        EXPLAIN_TEXT,
    ),
    runner=_classifier_runner,
)
