"""A language model's settings: checked when training begins, and what follows from them."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from elman.cells import CELLS
from elman.errors import ModelFileError, SettingError
from elman.network import PARTS, Architecture
from elman.ranges import among, number, whole
from elman.text import UNITS
from elman.training import Plan

WIDEST = 16_384
DEEPEST = 64
LARGEST_VOCABULARY = 2**20


@dataclass(frozen=True)
class Recipe:
    """What a unit's models are built and trained with unless told otherwise; docs/log.md has the
    measurements behind each figure."""

    width: int
    dropout: float
    learning_rate: float
    weight_decay: float
    rows: int
    time: int
    tied: bool


RECIPES = {
    "character": Recipe(192, 0.1, 7e-3, 0.3, rows=32, time=64, tied=False),
    "word": Recipe(256, 0.1, 5e-3, 0.5, rows=64, time=32, tied=True),
    "subword": Recipe(256, 0.1, 3e-3, 0.3, rows=32, time=64, tied=True),
}


@dataclass(frozen=True)
class LanguageSettings:
    """The settings of `LanguageModel`, each within its range.

    Raises:
        SettingError: for the first that is not.
    """

    unit: str
    cell: str
    width: int | None
    layers: int
    parts: Sequence[str]
    dropout: float | None
    learning_rate: float | None
    minutes: float
    steps: int | None
    seed: int

    def __post_init__(self) -> None:
        among("unit", self.unit, UNITS)
        among("cell", self.cell, CELLS)
        if isinstance(self.parts, str) or not isinstance(self.parts, Sequence):
            raise SettingError(f"{self.parts!r} is no list of names", place="parts")
        for part in self.parts:
            among("parts", part, PARTS)
        if self.width is not None:
            whole("width", self.width, 1, WIDEST)
        whole("layers", self.layers, 1, DEEPEST)
        if self.dropout is not None:
            _check_dropout(self.dropout)
        if self.learning_rate is not None:
            number("learning-rate", self.learning_rate, lambda x: 0 < x <= 10, "above 0, up to 10")
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
            raise ModelFileError("its settings are not those of a language model")
        parts = value["parts"]
        return cls(**{**value, "parts": tuple(parts) if isinstance(parts, list) else parts})

    @property
    def recipe(self) -> Recipe:
        return RECIPES[self.unit]

    def architecture(self, vocabulary: int) -> Architecture:
        recipe = self.recipe
        return Architecture(
            vocabulary=vocabulary,
            cell=self.cell,
            width=recipe.width if self.width is None else self.width,
            layers=self.layers,
            parts=tuple(part for part in PARTS if part in self.parts),
            dropout=recipe.dropout if self.dropout is None else self.dropout,
            tied=recipe.tied,
        )

    def plan(self) -> Plan:
        rate = self.recipe.learning_rate if self.learning_rate is None else self.learning_rate
        return Plan(
            minutes=None if self.steps is not None else self.minutes,
            steps=self.steps,
            learning_rate=rate,
            weight_decay=self.recipe.weight_decay,
            seed=self.seed,
        )


def checked_architecture(value: object, vocabulary: int) -> Architecture:
    """The architecture that a model file holds, for a vocabulary of that size.

    Raises:
        ModelFileError: where it is no architecture; SettingError: not in range.
    """
    names = {field.name for field in dataclasses.fields(Architecture)}
    if not isinstance(value, dict) or value.keys() != names:
        raise ModelFileError("its architecture is not that of a network of symbols")
    whole("vocabulary", value["vocabulary"], 1, LARGEST_VOCABULARY)
    if value["vocabulary"] != vocabulary:
        raise ModelFileError(
            f"its vocabulary has {vocabulary} symbols, its network {value['vocabulary']!r}"
        )
    among("cell", value["cell"], CELLS)
    whole("width", value["width"], 1, WIDEST)
    whole("layers", value["layers"], 1, DEEPEST)
    _check_dropout(value["dropout"])
    if not isinstance(value["parts"], list) or not isinstance(value["tied"], bool):
        raise ModelFileError("its architecture is malformed")
    parts = tuple(part for part in PARTS if part in value["parts"])
    if list(parts) != value["parts"]:
        raise ModelFileError("the parts of its blocks are not known here")
    return Architecture(**{**value, "parts": parts})


def checked_learned(value: object) -> Counter[str]:
    """The taught words that a model file holds.

    Raises:
        ModelFileError: where they are not words with counts.
    """
    if not isinstance(value, dict) or not all(type(n) is int and n > 0 for n in value.values()):
        raise ModelFileError("its learned words are malformed")
    return Counter(value)


def _check_dropout(share: Any) -> None:
    number("dropout", share, lambda x: 0 <= x < 1, "from 0 to below 1")
