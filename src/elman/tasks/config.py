"""The settings that all models have in common, and how a network in a file is checked."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Self

from elman.cells import CELLS
from elman.errors import ModelFileError
from elman.nn.blocks import COMPONENTS, StackConfig
from elman.ranges import among, number, whole

WIDEST = 16_384
DEEPEST = 64
LARGEST_VOCABULARY = 2**20


@dataclass(frozen=True)
class NetworkConfig:
    """What every model can be told of its network and its training, each within its range.

    Raises:
        SettingError: for the first that is not.
    """

    cell: str
    hidden_size: int | None
    layers: int
    dropout: float | None
    minutes: float
    steps: int | None
    seed: int

    def __post_init__(self) -> None:
        among("cell", self.cell, CELLS)
        if self.hidden_size is not None:
            whole("hidden-size", self.hidden_size, 1, WIDEST)
        whole("layers", self.layers, 1, DEEPEST)
        if self.dropout is not None:
            _check_dropout(self.dropout)
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
        # What JSON has as a list is a tuple among settings.
        told: dict[str, Any] = {
            name: tuple(it) if isinstance(it, list) else it for name, it in value.items()
        }
        return cls(**told)


def checked_stack(value: object, vocabulary: int) -> StackConfig:
    """The architecture that a model file holds, for a vocabulary of that size.

    Raises:
        ModelFileError: where it is no architecture; SettingError: not in range.
    """
    names = {field.name for field in dataclasses.fields(StackConfig)}
    if not isinstance(value, dict) or value.keys() != names:
        raise ModelFileError("its architecture is not that of a network of tokens")
    whole("vocabulary", value["vocabulary"], 1, LARGEST_VOCABULARY)
    if value["vocabulary"] != vocabulary:
        raise ModelFileError(
            f"its vocabulary has {vocabulary} tokens, its network {value['vocabulary']!r}"
        )
    among("cell", value["cell"], CELLS)
    whole("hidden-size", value["hidden_size"], 1, WIDEST)
    whole("layers", value["layers"], 1, DEEPEST)
    _check_dropout(value["dropout"])
    if not isinstance(value["components"], list) or not isinstance(value["tied"], bool):
        raise ModelFileError("its architecture is malformed")
    components = tuple(part for part in COMPONENTS if part in value["components"])
    if list(components) != value["components"]:
        raise ModelFileError("the components of its blocks are not known here")
    return StackConfig(**{**value, "components": components})


def _check_dropout(share: Any) -> None:
    number("dropout", share, lambda x: 0 <= x < 1, "from 0 to below 1")
