"""What the settings of all readers have in common, and how a reader in a file is checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from elman.errors import ModelFileError
from elman.nn.encoder import EncoderConfig
from elman.ranges import number, whole
from elman.tasks.config import NetworkConfig, checked_stack
from elman.training.plan import Plan


@dataclass(frozen=True)
class EncoderRecipe:
    """Default settings of an encoder; docs/decisions.md has the measurements behind them.

    Args:
        dropout: of what goes into the reader and comes out of it; inside its blocks it is
            `hidden_dropout`.
        rows: texts or sentences of a batch.
        passes: over all of them, at most, however long the training may take.
    """

    hidden_size: int
    dropout: float
    hidden_dropout: float
    learning_rate: float
    weight_decay: float
    rows: int
    passes: int


@dataclass(frozen=True)
class EncoderTaskConfig(NetworkConfig):
    """The settings that every reader has, each within its range."""

    def outer_dropout(self, recipe: EncoderRecipe) -> float:
        """The share of what goes into the reader and comes out of it."""
        return recipe.dropout if self.dropout is None else self.dropout

    def plan(self, recipe: EncoderRecipe, examples: int, share: float = 1.0) -> Plan:
        """The training's plan, or that of a phase with a share of the budget.

        Args:
            examples: that there are to learn from.
        """
        return Plan(
            max_steps=recipe.passes * -(-examples // recipe.rows),
            minutes=None if self.steps is not None else share * self.minutes,
            steps=None if self.steps is None else max(1, round(share * self.steps)),
            learning_rate=recipe.learning_rate,
            weight_decay=recipe.weight_decay,
            seed=self.seed,
        )


def checked_encoder(value: object, vocabulary: int, buckets: int) -> EncoderConfig:
    """The reader that a model file describes, for a vocabulary of that size.

    Raises:
        ModelFileError: where it is none; SettingError: not in range.
    """
    if not isinstance(value, dict) or value.keys() != {"blocks", "directions", "buckets"}:
        raise ModelFileError("its reader is not one that is known here")
    whole("directions", value["directions"], 1, 2)
    if type(value["buckets"]) is not int or value["buckets"] != buckets:
        raise ModelFileError("its reader is malformed")
    blocks = checked_stack(value["blocks"], vocabulary)
    return EncoderConfig(blocks, value["directions"], buckets)


def check_share(location: str, value: Any) -> None:
    """A probability.

    Raises:
        SettingError: where it is none.
    """
    number(location, value, lambda x: 0 <= x <= 1, "from 0 to 1")
