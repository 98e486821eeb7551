"""The operations of a task's models over HTTP, and what the functions behind them share.

Those functions answer a batch of requests; they run in a model's own thread.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from elman.errors import EmptyTextError, InputError
from elman.server.operations.schemas import ApiRequest, ExplainRequest
from elman.server.operations.stateful import StatefulRunner

Request = TypeVar("Request")
Answer = TypeVar("Answer")


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

    batched: tuple[Operation, ...] = ()
    generates: bool = False
    runner: Callable[[Any], StatefulRunner | None] = lambda _: None


def answer_each(
    function: Callable[[Request], Answer], requests: Sequence[Request]
) -> list[Answer | Exception]:
    """Answer requests one after the other, an error being an answer too.

    A batch function that raised instead would be called again for each of its other requests.
    """
    answers: list[Answer | Exception] = []
    for request in requests:
        try:
            answers.append(function(request))
        except Exception as error:
            answers.append(error)
    return answers


def run_grouped(
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


def number_rows(rows: list[list[float]], location: str) -> Any:
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


def explain_operation(
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


EXPLAIN_TEXT = explain_operation("text", _explain_text)
