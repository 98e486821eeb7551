"""The trace of a single cell, such as the plain network of a first lesson.

Shapes: T inputs, B rows, D input width, O output width. Time comes first.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from elman.cells import CELLS, Cell
from elman.explain.activations import cell_activations, memory_span, perturbed_rows, state_distances
from elman.explain.attribution import AttributionInput, AttributionQuery, identity
from elman.explain.summary import check_length, step_outputs
from elman.explain.trace import LayerTrace, ModelSummary, SequenceTrace, StepOutput, Trace
from elman.kernels.scan import scan
from elman.training.eval_mode import eval_mode


def explain_cell(
    cell: Cell,
    xs: Tensor,
    *,
    tokens: Sequence[str] | None = None,
    labels: Sequence[str] | None = None,
) -> Trace:
    """The trace of a cell over a sequence of vectors.

    ::

        trace = explain_cell(rnn, torch.eye(57)[:5], tokens="abcde", labels=languages)

    Args:
        cell: the cell, with its weights.
        xs: (T, D) inputs.
        tokens: name of each input; default: numbers from 0.
        labels: name of each element of an output that is not the state, as of a `PlainRNN`;
            default: numbers from 0. Traces of other cells have no outputs.

    Raises:
        InputError: no inputs, or more than a trace holds.
    """
    check_length(len(xs), "xs", "inputs")
    names = range(len(xs)) if tokens is None else tokens
    classes = range(cell.output_size) if labels is None else labels
    xs = xs.detach()

    def outputs_at(inputs: Sequence[Tensor]) -> Tensor:
        return scan(cell, inputs[0].transpose(0, 1))[0].transpose(0, 1)

    with eval_mode(cell):
        with torch.inference_mode():
            rows, positions = perturbed_rows(xs)
            distances = state_distances(cell, rows, cell.initial_state(rows.shape[1]))
            activations = cell_activations(cell, xs[:, None], cell.initial_state(1))
        layer = LayerTrace(1, "forward", *activations, memory_span(distances, positions))
        outputs: tuple[StepOutput, ...] = ()
        if cell.outputs:
            query = AttributionQuery(
                (AttributionInput(xs),), outputs_at, identity, cell.output_size, aligned_input=0
            )
            targets = query.log_probabilities().argmax(1).tolist()
            outputs = step_outputs(
                query, range(len(xs)), targets, lambda index: str(classes[index])
            )
        return Trace(
            "cell",
            ModelSummary(
                cell=next(name for name, kind in CELLS.items() if kind is type(cell)),
                layers=1,
                input_size=cell.input_size,
                hidden_size=cell.hidden_size,
                components=(),
                directions=("forward",),
                tokenizers=("vector",),
                labels=tuple(map(str, classes)) if cell.outputs else None,
                parameters=sum(weight.numel() for weight in cell.parameters()),
                meanings=cell.gates | cell.outputs,
            ),
            (SequenceTrace("inputs", tuple(map(str, names)), (layer,)),),
            outputs,
        )
