"""A model as a folder that any browser runs: the model file, a page, and its JavaScript modules.
There is no server behind it and nothing to build.

The modules in src/elman/web/runtime compute the same numbers as Python; tests compare them for
every cell and tokenizer.
"""

from __future__ import annotations

import os
from pathlib import Path

from elman.bundle import make_folder, write_whole
from elman.errors import OutputError
from elman.tasks.loading import load
from elman.web.files import exported_files

MODEL = "model.safetensors"
"""The name of the model in its folder, which the page asks for."""


def write_web(path: str | os.PathLike[str], folder: str | os.PathLike[str]) -> list[Path]:
    """Write a folder that holds a model and the page it runs in.

    Args:
        path: the model file, int8 or not.
        folder: the folder to write; it is created, or must be empty.

    Returns:
        The files, the page first.

    Raises:
        MissingFileError, ModelFileError: as `elman.load` has them.
        OutputError: where the folder holds something already, or cannot be written.
    """
    load(path)  # refuse a bad file before a folder is created
    folder = Path(folder)
    make_folder(folder)
    if any(folder.iterdir()):
        raise OutputError("this folder is not empty", location=folder, hint="Name another one.")
    contents = {name: file.read_bytes() for name, file in exported_files().items()}
    contents[MODEL] = Path(path).read_bytes()
    for name, content in contents.items():
        make_folder((folder / name).parent)
        write_whole(folder / name, content)
    return [folder / name for name in contents]
