"""The hidden size of a language model that suits the minutes: it reads the text once, if it can.

A wide network that has read little predicts less than a narrow one that has read more.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from elman.tasks.language_modeling.config import (
    LanguageModelSettings,
    architecture_of,
    recipe_of,
)
from elman.tasks.run import Run, TrainingData

if TYPE_CHECKING:
    from elman.nn.language_model import LanguageModelNetwork
    from elman.tasks.file_size import Shape

FRACTIONS = (1, 2 / 3, 1 / 2, 1 / 3)
"""Of the usual hidden size."""


def network_of(vocabulary: int, shape: Shape[LanguageModelSettings]) -> LanguageModelNetwork:
    """A new network for a vocabulary of that size."""
    from elman.nn.language_model import LanguageModelNetwork

    return LanguageModelNetwork(architecture_of(shape.settings, vocabulary))


def width_for(settings: LanguageModelSettings, data: TrainingData, run: Run) -> int | None:
    """The largest hidden size at which this machine can read the text within the minutes once; or
    that of the run's checkpoint.

    Returns:
        None where it is the usual one, or follows from the settings.
    """
    from elman.tasks.file_size import Shape
    from elman.training.bptt import BPTTDataset
    from elman.training.checkpoint import identity_of
    from elman.training.timing import seconds_a_step

    begun = {} if run.checkpoint is None else identity_of(run.checkpoint)
    if "width" in begun:
        width: Any = begun["width"]
        return width if type(width) is int and width > 0 else None
    chosen = settings.hidden_size is not None or settings.size is not None
    if run.deadline is None or chosen or not settings.has_network:
        return None
    recipe, usual = recipe_of(settings), recipe_of(settings).hidden_size
    width = usual
    for fraction in FRACTIONS:
        width = int(usual * fraction) // 8 * 8
        narrower = Shape(dataclasses.replace(settings, hidden_size=width))
        timed = BPTTDataset(
            network_of(data.train.tokenizer.size, narrower),
            data.train.ids,
            data.valid.ids,
            batch_size=recipe.batch_size,
            sequence_length=recipe.sequence_length,
        )
        steps = 60 * settings.minutes * run.left_of(settings.minutes)
        steps /= seconds_a_step(timed, settings.seed)
        if steps * recipe.batch_size * recipe.sequence_length >= len(data.train):
            break
    return None if width == usual else width
