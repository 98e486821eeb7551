"""The describer over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import Field

from elman.errors import InputError
from elman.server.operations.operation import (
    ModelOperations,
    Operation,
    explain_operation,
    number_rows,
    run_grouped,
)
from elman.server.operations.schemas import MAX_TEXTS, ApiRequest, ExplainRequest, Vector
from elman.tasks.description.model import Describer
from elman.tasks.seq2seq.operations import BeamCount, HypothesesResponse, as_hypotheses


class DescribeRequest(ApiRequest):
    """Vectors to describe; `count` hypotheses each, found by a beam search of this width."""

    vectors: Annotated[list[Vector], Field(min_length=1, max_length=MAX_TEXTS)]
    count: BeamCount = 1
    beam: BeamCount = 5


def describe(model: Describer, requests: Sequence[DescribeRequest]) -> list[HypothesesResponse]:
    def search(vectors: list[list[float]], request: DescribeRequest) -> list[Any]:
        table = number_rows(vectors, "vectors")
        return as_hypotheses(model.predict_best(table, request.count, beam=request.beam))

    def settings(request: DescribeRequest) -> Any:
        return request.count, request.beam, len(request.vectors[0])

    found = run_grouped(requests, lambda request: request.vectors, search, settings)
    return [{"hypotheses": each} for each in found]


def _explain_vector(model: Describer, request: ExplainRequest) -> Any:
    if request.vector is None:
        raise InputError("it is missing", location="vector", hint="Add its numbers.")
    return model.explain(number_rows([request.vector], "vector")[0])


OPERATIONS = ModelOperations(
    (
        Operation(
            "describe",
            "Describe each vector: its best hypotheses.",
            DescribeRequest,
            HypothesesResponse,
            describe,
        ),
        explain_operation("vector", _explain_vector),
    )
)
