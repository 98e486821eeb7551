"""A graph held against the model itself, in ONNX Runtime, before it is believed.

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
from elman.extras import needed

Arrays = dict[str, npt.NDArray[Any]]

TOLERANCE = 1e-4
"""The largest difference, relative to the largest output above 1: sums in another order differ."""

TRIED = ((1, 1), (1, 9), (3, 5), (4, 17))
"""Rows and tokens of what is compared."""


class ParityTrial(NamedTuple):
    """What the graph is given, and what the model answers."""

    given: Arrays
    expected: Arrays  # NaN where an answer means nothing


class ExportedGraph(NamedTuple):
    """A model on its way into a graph.

    Attributes:
        network: its parameters are the graph's weights.
        doc: what goes in and what comes out, for someone who has only the file.
        about: what the metadata say besides what the model's own file says.
    """

    network: nn.Module
    doc: str
    write: Callable[[Graph], None]
    trial: Callable[[int], ParityTrial]  # of a number below that of those TRIED
    about: dict[str, Any]


def compared(content: bytes, trials: Iterable[ParityTrial], location: object) -> float:
    """How far the graph's answers are from the model's.

    Raises:
        ExportError: where that is too far.
    """
    session = session_of(content)
    largest = 0.0
    for given, expected in trials:
        found = dict(zip(expected, session.run(list(expected), given), strict=True))
        for name, wanted in expected.items():
            known = ~np.isnan(wanted)
            difference = float(np.abs(found[name] - wanted)[known].max(initial=0))
            if not difference <= TOLERANCE * max(1.0, float(np.abs(wanted[known]).max(initial=0))):
                raise ExportError(
                    f"ONNX Runtime's {name} is {difference:.2g} off the model's own",
                    location=location,
                    hint="No graph was written; upgrade onnxruntime, and tell us of the model.",
                )
            largest = max(largest, difference)
    return largest


def session_of(content: bytes) -> Any:
    """A session of ONNX Runtime on one thread, that only says what is an error."""
    runtime = needed("onnxruntime", "export")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return runtime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
