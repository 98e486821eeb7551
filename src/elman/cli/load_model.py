"""Load a language model for a command."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from elman.errors import TaskError

if TYPE_CHECKING:
    from elman.tasks.language_modeling.model import LanguageModel


def load_language_model(path: Path, *, int8: bool) -> LanguageModel:
    """Load a language model.

    Args:
        path: the model file.
        int8: whether to quantize its weights to int8.

    Raises:
        TaskError: the model belongs to another task.
    """
    from elman.tasks.language_modeling.model import LanguageModel
    from elman.tasks.loading import load

    model = load(path, int8=int8)
    if not isinstance(model, LanguageModel):
        raise TaskError(
            f"it is a model for the task {model.task!r}, not a language model",
            location=path,
            hint=f"See what it can do: elman info {path}",
        )
    return model
