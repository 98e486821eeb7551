"""The parity check: outputs of a graph in ONNX Runtime against those of the model.

Shapes: B batch, T time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from torch import nn

from elman.errors import ExportError
from elman.export.onnx.graph import Graph
from elman.extras import require

Arrays = dict[str, npt.NDArray[Any]]

TOLERANCE = 1e-4
"""Maximum difference, relative to the largest output if that is above 1. Another order of summation
causes small differences."""

TRIAL_SHAPES = ((1, 1), (1, 9), (3, 5), (4, 17))
"""Batch size and sequence length of each batch that is compared."""


class ParityTrial(NamedTuple):
    """The inputs of the graph, and the outputs of the model."""

    inputs: Arrays
    expected: Arrays  # NaN where an output is undefined, as at padding


class ExportedGraph(NamedTuple):
    """A model to be exported.

    Attributes:
        network: its parameters become the weights of the graph.
        doc: inputs and outputs in words; stored in the file.
        write: adds the operators to a graph.
        trial: the parity trial of an index into TRIAL_SHAPES.
        metadata: entries besides those copied from the model file.
        limitation: what of the model the graph lacks, a sentence; None: nothing.
    """

    network: nn.Module
    doc: str
    write: Callable[[Graph], None]
    trial: Callable[[int], ParityTrial]
    metadata: dict[str, Any]
    limitation: str | None = None


def check_parity(content: bytes, trials: Iterable[ParityTrial], location: object) -> float:
    """The largest absolute difference between the outputs of a graph and of the model.

    Args:
        content: the serialized graph.
        trials: inputs and expected outputs.
        location: the model file, for errors.

    Raises:
        ExportError: a difference exceeds TOLERANCE.
    """
    session = onnx_session(content)
    largest = 0.0
    for inputs, expected in trials:
        outputs = session.run(list(expected), inputs)
        for (name, target), output in zip(expected.items(), outputs, strict=True):
            known = ~np.isnan(target)
            difference = float(np.abs(output - target)[known].max(initial=0))
            if not difference <= TOLERANCE * max(1.0, float(np.abs(target[known]).max(initial=0))):
                raise ExportError(
                    f"ONNX Runtime's {name} is {difference:.2g} off the model's own",
                    location=location,
                    hint="No graph was written; upgrade onnxruntime, and tell us of the model.",
                )
            largest = max(largest, difference)
    return largest


def onnx_session(content: bytes) -> Any:
    """A session of ONNX Runtime for a serialized graph: one thread, logs errors only."""
    runtime = require("onnxruntime", "export")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return runtime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
