"""The language model over HTTP.

Shapes: N rows, V vocabulary.
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
    answer_each,
)
from elman.server.operations.schemas import ApiRequest, Count, Text
from elman.server.operations.stateful import StatefulRunner
from elman.tasks.language_modeling.model import LanguageModel


class SuggestRequest(ApiRequest):
    """A text whose next word, or whose unfinished last word, is to be suggested."""

    text: Text
    count: Count = 3


class WordProbability(TypedDict):
    word: str
    probability: float


class SuggestResponse(TypedDict):
    suggestions: list[WordProbability]


class LanguageModelRunner(StatefulRunner):
    """Returns the most probable next tokens."""

    def _answers(self, outputs: Any, counts: Sequence[int]) -> list[dict[str, Any]]:
        """Of log-probabilities (N, V)."""
        best = np.argsort(-outputs, axis=1, kind="stable")[:, : max(counts)]
        values = np.take_along_axis(outputs, best, axis=1)
        decode = self._model.tokenizer_.decode
        answers = []
        rows = zip(best.tolist(), np.exp(values).tolist(), counts, strict=True)
        for indices, probabilities, count in rows:
            tokens = zip(indices[:count], probabilities, strict=False)
            found = [{"text": decode([index]), "probability": each} for index, each in tokens]
            answers.append({"next": found})
        return answers


def suggest(
    model: LanguageModel, requests: Sequence[SuggestRequest]
) -> list[SuggestResponse | Exception]:
    def one(request: SuggestRequest) -> SuggestResponse:
        found = model.suggest(request.text, request.count)
        return {
            "suggestions": [{"word": each.word, "probability": each.probability} for each in found]
        }

    return answer_each(one, requests)


OPERATIONS = ModelOperations(
    (
        Operation(
            "suggest",
            "Suggest the next word, or completions of the unfinished last word.",
            SuggestRequest,
            SuggestResponse,
            suggest,
        ),
        EXPLAIN_TEXT,
    ),
    generates=True,
    runner=LanguageModelRunner,
)
