"""What the settings of all readers have in common, and how a reader in a file is checked."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Self

from elman.cells import CELLS
from elman.errors import ModelFileError
from elman.models.settings import DEEPEST, WIDEST, checked_architecture
from elman.network import Reading
from elman.ranges import among, number, whole
from elman.training import Plan


@dataclass(frozen=True)
class ReaderRecipe:
    """What a reader is built and trained with unless told otherwise; docs/log.md has the
    measurements behind each figure.

    Args:
        dropout: of what goes into the reader and comes out of it; inside its blocks it is
            `inner_dropout`.
        rows: texts or sentences of a batch.
        passes: over all of them, at most, however long the training may take.
    """

    width: int
    dropout: float
    inner_dropout: float
    learning_rate: float
    weight_decay: float
    rows: int
    passes: int


@dataclass(frozen=True)
class ReaderSettings:
    """The settings that every reader has, each within its range.

    Raises:
        SettingError: for the first that is not.
    """

    cell: str
    width: int | None
    layers: int
    dropout: float | None
    minutes: float
    steps: int | None
    seed: int

    def __post_init__(self) -> None:
        among("cell", self.cell, CELLS)
        if self.width is not None:
            whole("width", self.width, 1, WIDEST)
        whole("layers", self.layers, 1, DEEPEST)
        if self.dropout is not None:
            number("dropout", self.dropout, lambda x: 0 <= x < 1, "from 0 to below 1")
        number("minutes", self.minutes, lambda x: 0 < x <= 1e6, "above 0")
        if self.steps is not None:
            whole("steps", self.steps, 1)
        whole("seed", self.seed, 0, 2**31 - 1)

    @classmethod
    def from_json(cls, value: object) -> Self:
        """The settings that a model file holds.

        Raises:
            ModelFileError: where they are not these settings; SettingError: not in range.
        """
        names = [field.name for field in dataclasses.fields(cls)]
        if not isinstance(value, dict) or sorted(value) != sorted(names):
            raise ModelFileError("its settings are not those of such a model")
        return cls(**value)

    def silenced(self, recipe: ReaderRecipe) -> float:
        """The share of what goes into the reader and comes out of it."""
        return recipe.dropout if self.dropout is None else self.dropout

    def plan(self, recipe: ReaderRecipe, examples: int, share: float = 1.0) -> Plan:
        """The training's plan, or that of a phase with a share of the budget.

        Args:
            examples: that there are to learn from.
        """
        return Plan(
            most_steps=recipe.passes * -(-examples // recipe.rows),
            minutes=None if self.steps is not None else share * self.minutes,
            steps=None if self.steps is None else max(1, round(share * self.steps)),
            learning_rate=recipe.learning_rate,
            weight_decay=recipe.weight_decay,
            seed=self.seed,
        )


def checked_reading(value: object, vocabulary: int, buckets: int) -> Reading:
    """The reader that a model file describes, for a vocabulary of that size.

    Raises:
        ModelFileError: where it is none; SettingError: not in range.
    """
    if not isinstance(value, dict) or value.keys() != {"blocks", "directions", "buckets"}:
        raise ModelFileError("its reader is not one that is known here")
    whole("directions", value["directions"], 1, 2)
    if type(value["buckets"]) is not int or value["buckets"] != buckets:
        raise ModelFileError("its reader is malformed")
    blocks = checked_architecture(value["blocks"], vocabulary)
    return Reading(blocks, value["directions"], buckets)


def check_share(place: str, value: Any) -> None:
    """A probability.

    Raises:
        SettingError: where it is none.
    """
    number(place, value, lambda x: 0 <= x <= 1, "from 0 to 1")
