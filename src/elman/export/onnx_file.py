"""Export of a model as an ONNX file, compared with the model before it is written.

A graph takes any batch size, sequence length and initial state; a single step is a sequence of one
token.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from elman.bundle import check_writable, open_bundle, write_whole
from elman.errors import ExportError
from elman.export.onnx.graph import Graph
from elman.export.onnx.parity import TRIAL_SHAPES, check_parity
from elman.extras import require
from elman.tasks.loading import load
from elman.tasks.table import TASKS

COPIED_METADATA = (
    "task",
    "vocabulary",
    "vocabularies",
    "labels",
    "tags",
    "limit",
    "architecture",
    "encoder",
    "encoder_decoder",
    "forecasting",
    "names",
    "calendar",
    "members",
    "versions",
)
"""Keys of the model file that are copied into the metadata of the graph."""


def write_onnx(path: str | os.PathLike[str], file: str | os.PathLike[str]) -> dict[str, Any]:
    """Write a model as an ONNX graph, with its vocabulary and labels in the metadata; and these as
    a JSON file beside it, since not every runtime can read the metadata of a graph.

    Args:
        path: the model file; int8 weights become float32 in the graph.
        file: the ONNX file to write; with `.json` behind its name, the JSON file.

    Returns:
        `compared`, the number of batches compared with the network, and `largest_difference`; where
        the graph lacks a part of the model, `limitation` says so. The graph's doc string does, too.

    Raises:
        InputError: onnx or onnxruntime is not installed.
        MissingFileError, ModelFileError: as in `elman.load`.
        ExportError: the model has no network, or the outputs of the graph differ from its own.
        OutputError: the file cannot be written.
    """
    for package in ("onnx", "onnxruntime"):
        require(package, "export")
    model = load(path)
    if not model.has_network:
        raise ExportError(
            "it answers with counts only, and ONNX carries its network",
            location=path,
            hint="Train with --counts on, or export a page: elman export --web.",
        )
    check_writable(file)
    exported = TASKS[model.task].onnx(model)
    graph = Graph({weight: name for name, weight in exported.network.named_parameters()})
    exported.write(graph)
    about = open_bundle(path).about
    copied = {name: value for name, value in about.items() if name in COPIED_METADATA}
    known = json.dumps(copied | exported.metadata, ensure_ascii=False)
    limitation = exported.limitation
    doc = exported.doc if limitation is None else f"{exported.doc} {limitation}"
    content = graph.model("elman", doc, {"elman": known})
    difference = check_parity(content, map(exported.trial, range(len(TRIAL_SHAPES))), path)
    write_whole(Path(file), content)
    write_whole(Path(f"{os.fspath(file)}.json"), known.encode())
    agreement = {"compared": len(TRIAL_SHAPES), "largest_difference": difference}
    return agreement if limitation is None else {**agreement, "limitation": limitation}
