"""The trace of a cell alone, such as the network as it is first taught.

Shapes: T inputs, B rows, D input width, O output width. Time comes first.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from elman.cells import CELLS, Cell
from elman.explain.activations import heatmaps_of, memory_of, moved_by, moves
from elman.explain.attribution import AttributionInput, AttributionQuery, unmodified
from elman.explain.summary import check_length, outputs_of
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
    """A cell that reads vectors.

    ::

        trace = explain_cell(rnn, torch.eye(57)[:5], tokens="abcde", labels=languages)

    Args:
        xs: (T, D) inputs.
        tokens: what they stand for; numbers from 0 where None.
        labels: what the elements of a `PlainRNN`'s output stand for, likewise. Cells that give
            out their state have no outputs in their traces.

    Raises:
        InputError: for no input or too many.
    """
    check_length(len(xs), "xs", "inputs")
    names = range(len(xs)) if tokens is None else tokens
    classes = range(cell.output_size) if labels is None else labels
    xs = xs.detach()

    def said(given: Sequence[Tensor]) -> Tensor:
        return scan(cell, given[0].transpose(0, 1))[0].transpose(0, 1)

    with eval_mode(cell):
        with torch.inference_mode():
            rows, places = moves(xs)
            moved = moved_by(cell, rows, cell.initial_state(rows.shape[1]))
            strips = heatmaps_of(cell, xs[:, None], cell.initial_state(1))
        layer = LayerTrace(1, "forward", *strips, memory_of(moved, places))
        outputs: tuple[StepOutput, ...] = ()
        if cell.outputs:
            question = AttributionQuery(
                (AttributionInput(xs),), said, unmodified, cell.output_size, speaker=0
            )
            taken = question.spread().argmax(1).tolist()
            outputs = outputs_of(
                question, range(len(xs)), taken, lambda number: str(classes[number])
            )
        return Trace(
            "cell",
            ModelSummary(
                cell=next(name for name, kind in CELLS.items() if kind is type(cell)),
                layers=1,
                width=cell.input_size,
                hidden=cell.hidden_size,
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
