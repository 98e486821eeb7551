"""Export of a model as a static web page: model file, program of its cell, JavaScript modules.

The modules in src/elman/web/runtime compute the same numbers as Python; tests compare them for
every cell and tokenizer.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from elman.bundle import make_folder, write_whole
from elman.cells import CELLS, Cell, trace
from elman.errors import OutputError
from elman.tasks.estimator import Model
from elman.tasks.loading import load
from elman.web.files import exported_files

MODEL = "model.safetensors"
"""File name of the model; the page loads it."""
CELL = "cell.json"
"""File name of the program of its cell."""


def write_web(path: str | os.PathLike[str], folder: str | os.PathLike[str]) -> list[Path]:
    """Write a folder that holds a model and the page it runs in.

    Args:
        path: the model file, int8 or not.
        folder: the folder to write; it is created, or must be empty.

    Returns:
        The files, the page first.

    Raises:
        MissingFileError, ModelFileError: as in `elman.load`.
        UntraceableError: the cell uses an operation that only PyTorch runs.
        OutputError: the folder is not empty, or cannot be written.
    """
    # Refuse a bad file, and a cell that cannot be exported, before a folder is created.
    model = load(path)
    cell = cell_program(model)
    folder = Path(folder)
    make_folder(folder)
    if any(folder.iterdir()):
        raise OutputError("this folder is not empty", location=folder, hint="Name another one.")
    contents = {name: file.read_bytes() for name, file in exported_files().items()}
    contents[MODEL] = Path(path).read_bytes()
    contents[CELL] = json.dumps(cell, separators=(",", ":")).encode()
    for name, content in contents.items():
        make_folder((folder / name).parent)
        write_whole(folder / name, content)
    return [folder / name for name in contents]


def cell_program(model: Model) -> dict[str, Any]:
    """The program of the model's cells as JSON types; all of them have the same class and size.

    Raises:
        UntraceableError: as in `write_web`.
    """
    cell = next(each for each in model.network_.modules() if isinstance(each, Cell))
    names = {kind: name for name, kind in CELLS.items()}
    return {**trace(cell).to_json(), "cell": names[type(cell)]}
