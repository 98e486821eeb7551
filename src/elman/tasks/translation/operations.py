"""The translator over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import Field

from elman.server.operations.operation import (
    EXPLAIN_TEXT,
    ModelOperations,
    Operation,
    run_grouped,
)
from elman.server.operations.schemas import MAX_TEXTS, ApiRequest
from elman.tasks.seq2seq.operations import BeamCount, HypothesesResponse, as_hypotheses
from elman.tasks.translation.model import Translator

MAX_SOURCE_LENGTH = 2_000  # characters

SourceText = Annotated[str, Field(max_length=MAX_SOURCE_LENGTH)]


class TranslateRequest(ApiRequest):
    """Texts to translate; `count` hypotheses each, found by a beam search of this width."""

    texts: Annotated[list[SourceText], Field(min_length=1, max_length=MAX_TEXTS)]
    count: BeamCount = 1
    beam: BeamCount = 5
    attention: bool = False


def translate(model: Translator, requests: Sequence[TranslateRequest]) -> list[HypothesesResponse]:
    def search(texts: list[str], request: TranslateRequest) -> list[Any]:
        options: Any = {"beam": request.beam, "attention": request.attention}
        return as_hypotheses(model.predict_best(texts, request.count, **options))

    def settings(request: TranslateRequest) -> Any:
        return request.count, request.beam, request.attention

    found = run_grouped(requests, lambda request: request.texts, search, settings)
    return [{"hypotheses": each} for each in found]


OPERATIONS = ModelOperations(
    (
        Operation(
            "translate",
            "Translate each text: its best hypotheses, with attention if requested.",
            TranslateRequest,
            HypothesesResponse,
            translate,
        ),
        EXPLAIN_TEXT,
    )
)
