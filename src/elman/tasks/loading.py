"""A model file, as the model in it."""

from __future__ import annotations

import os

from elman.bundle import open_bundle
from elman.errors import ModelFileError, TaskError
from elman.nn.int8 import is_int8
from elman.tasks.estimator import Model
from elman.tasks.table import TASKS


def load(path: str | os.PathLike[str], *, int8: bool = False) -> Model:
    """The model in a file; nothing in the file is executed or followed.

    Args:
        int8: round its weights to 8 bits, as `Model.to_int8`; those of a file that was saved so
            are of 8 bits in any case.

    Raises:
        MissingFileError: where there is none.
        ModelFileError: where it is damaged, or not a model's file.
        TaskError: where it is of a task that this version does not know.
    """
    bundle = open_bundle(path)
    task = bundle.about.get("task")
    if task == "checkpoint":
        raise TaskError(
            "it is the checkpoint of an unfinished run",
            location=path,
            hint="Go on with it: elman train TEXT -o MODEL --resume",
        )
    if not isinstance(task, str) or task not in TASKS:
        raise TaskError(
            f"it is a model for the task {task!r}, which this version does not know",
            location=path,
            hint="Upgrade: pip install --upgrade elman",
        )
    model = TASKS[task].model_class.from_bundle(bundle)
    if not (int8 or is_int8(bundle)):
        return model
    try:
        return model.to_int8()
    except ModelFileError as error:
        bundle.refuse(str(error))
