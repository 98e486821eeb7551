"""A model as a folder that any browser runs: the file as it is, a page, and the modules that read
it. There is no server behind it and nothing to build.

The modules are src/elman/web/runtime, of which tests hold every cell and every unit to the same
numbers as here, and of src/elman/web/drawing what they draw with.
"""

from __future__ import annotations

import os
from pathlib import Path

from elman.bundle import make_folder, write_whole
from elman.errors import OutputError, TaskError
from elman.models import Classifier, Describer, LanguageModel, Model, Tagger, Translator, load
from elman.web.files import runtime_files

MODEL = "model.safetensors"
"""The name of the model in its folder, which the page asks for."""

SHOWN = (LanguageModel, Classifier, Tagger, Translator, Describer)
"""What the page can be."""


def write_web(path: str | os.PathLike[str], folder: str | os.PathLike[str]) -> list[Path]:
    """Write a folder that holds a model and the page it runs in.

    Args:
        path: the model's file, of 8 bits or not.
        folder: made where there is none; what else is in it would be mixed up with the page.

    Returns:
        The files, the page first.

    Raises:
        MissingFileError, ModelFileError: as `elman.load` has them.
        TaskError: for a task that the page cannot show.
        OutputError: where the folder holds something already, or cannot be written.
    """
    check_shown(load(path), path)
    folder = Path(folder)
    make_folder(folder)
    if any(folder.iterdir()):
        raise OutputError(
            "there is something in this folder already", place=folder, advice="Name another one."
        )
    contents = {name: file.read_bytes() for name, file in runtime_files().items()}
    contents[MODEL] = Path(path).read_bytes()
    for name, content in contents.items():
        make_folder((folder / name).parent)
        write_whole(folder / name, content)
    return [folder / name for name in contents]


def check_shown(model: Model, path: str | os.PathLike[str]) -> None:
    """Raises: TaskError: for a model of a task that the page cannot show."""
    if not isinstance(model, SHOWN):
        tasks = " or ".join(repr(kind.task) for kind in SHOWN)
        raise TaskError(
            f"the page shows models for the task {tasks}, not {model.task!r}",
            place=path,
            advice=f"Use it where it is: elman predict {path}",
        )
