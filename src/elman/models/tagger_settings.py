"""A tagger's settings: checked when training begins, and what follows from them."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Self

from elman.cells import CELLS
from elman.errors import ModelFileError
from elman.models.encoding import reading
from elman.models.settings import DEEPEST, WIDEST
from elman.network import Architecture, Reading
from elman.ranges import among, number, whole
from elman.text import Lexicon
from elman.training import Plan


@dataclass(frozen=True)
class Recipe:
    """What taggers are built and trained with unless told otherwise; docs/log.md has the
    measurements behind each figure.

    Args:
        dropout: of what goes into the reader and comes out of it; inside its blocks it is
            `inner_dropout`.
        rows: sentences of a batch.
    """

    width: int
    dropout: float
    inner_dropout: float
    learning_rate: float
    weight_decay: float
    rows: int


RECIPE = Recipe(128, 0.5, 0.1, 3e-3, 0.3, rows=32)


@dataclass(frozen=True)
class TaggerSettings:
    """The settings of `Tagger`, each within its range.

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
            raise ModelFileError("its settings are not those of a tagger")
        return cls(**value)

    @property
    def share_silenced(self) -> float:
        """Of what goes into the reader and of what comes out of it."""
        return RECIPE.dropout if self.dropout is None else self.dropout

    def reading(self, lexicon: Lexicon) -> Reading:
        blocks = Architecture(
            vocabulary=lexicon.size,
            cell=self.cell,
            width=RECIPE.width if self.width is None else self.width,
            layers=self.layers,
            dropout=min(RECIPE.inner_dropout, self.share_silenced),
        )
        return reading(lexicon, blocks, directions=2)

    def plan(self) -> Plan:
        return Plan(
            minutes=None if self.steps is not None else self.minutes,
            steps=self.steps,
            learning_rate=RECIPE.learning_rate,
            weight_decay=RECIPE.weight_decay,
            seed=self.seed,
        )
