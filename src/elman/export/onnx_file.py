"""A model as one file for ONNX Runtime, held against the model itself before it is believed.

A graph reads any number of rows, of any lengths, from any state: a step is a text of one token.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from elman.bundle import check_writable, open_bundle, write_whole
from elman.export.onnx.graph import Graph
from elman.export.onnx.parity import TRIED, compared
from elman.extras import needed
from elman.tasks.loading import load
from elman.tasks.table import TASKS

KEPT = (
    "task",
    "vocabulary",
    "vocabularies",
    "labels",
    "tags",
    "limit",
    "architecture",
    "reader",
    "rewriter",
    "forecasting",
    "names",
    "calendar",
    "members",
    "versions",
)
"""What of a model's file the graph's metadata say as well."""


def write_onnx(path: str | os.PathLike[str], file: str | os.PathLike[str]) -> dict[str, Any]:
    """Write a model's file as a graph, its vocabulary and labels in the graph's metadata.

    Args:
        path: the model's file; weights of 8 bits are numbers again in the graph.

    Returns:
        What was compared with the model: how many texts, and the largest difference.

    Raises:
        InputError: where onnx or onnxruntime are not installed.
        MissingFileError, ModelFileError: as `elman.load` has them.
        ExportError: where the graph does not answer as the model does.
        OutputError: where it cannot be written.
    """
    for package in ("onnx", "onnxruntime"):
        needed(package, "export")
    model = load(path)
    check_writable(file)
    exported = TASKS[model.task].onnx(model)
    graph = Graph({weight: name for name, weight in exported.network.named_parameters()})
    exported.write(graph)
    about = {name: value for name, value in open_bundle(path).about.items() if name in KEPT}
    metadata = {"elman": json.dumps(about | exported.about, ensure_ascii=False)}
    content = graph.model("elman", exported.doc, metadata)
    difference = compared(content, map(exported.trial, range(len(TRIED))), path)
    write_whole(Path(file), content)
    return {"compared": len(TRIED), "largest_difference": difference}
