"""A model as a folder that any browser runs: the file as it is, a page, and the modules that read
it. There is no server behind it and nothing to build.

The modules are those of src/elman/web/runtime, whose every cell and tokenizer tests hold to the
same numbers as here, and of src/elman/web/drawing what they draw with.
"""

from __future__ import annotations

import os
from pathlib import Path

from elman.bundle import make_folder, write_whole
from elman.errors import OutputError
from elman.tasks.loading import load
from elman.web.files import runtime_files

MODEL = "model.safetensors"
"""The name of the model in its folder, which the page asks for."""


def write_web(path: str | os.PathLike[str], folder: str | os.PathLike[str]) -> list[Path]:
    """Write a folder that holds a model and the page it runs in.

    Args:
        path: the model's file, of 8 bits or not.
        folder: made where there is none; what else is in it would be mixed up with the page.

    Returns:
        The files, the page first.

    Raises:
        MissingFileError, ModelFileError: as `elman.load` has them.
        OutputError: where the folder holds something already, or cannot be written.
    """
    load(path)  # a file that is none is told before a folder is made
    folder = Path(folder)
    make_folder(folder)
    if any(folder.iterdir()):
        raise OutputError(
            "there is something in this folder already", location=folder, hint="Name another one."
        )
    contents = {name: file.read_bytes() for name, file in runtime_files().items()}
    contents[MODEL] = Path(path).read_bytes()
    for name, content in contents.items():
        make_folder((folder / name).parent)
        write_whole(folder / name, content)
    return [folder / name for name in contents]
