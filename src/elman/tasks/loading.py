"""Load a model of any task from its file."""

from __future__ import annotations

import os

from elman.bundle import open_bundle
from elman.errors import ModelFileError, TaskError
from elman.nn.int8 import is_int8
from elman.tasks.estimator import Model
from elman.tasks.table import TASKS


def load(path: str | os.PathLike[str], *, int8: bool = False) -> Model:
    """Load a model. Nothing in the file is executed.

    Args:
        path: the model file.
        int8: quantize the weights to int8, as `Model.to_int8`; a file with int8 weights always
            gives a model with int8 weights.

    Raises:
        MissingFileError: there is no such file.
        ModelFileError: it is damaged, or not a model file.
        TaskError: its task is unknown to this version.
    """
    bundle = open_bundle(path)
    task = bundle.about.get("task")
    if task == "checkpoint":
        raise TaskError(
            "it is the checkpoint of an unfinished training",
            location=path,
            hint="Continue it: elman train TEXT -o MODEL --resume",
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
