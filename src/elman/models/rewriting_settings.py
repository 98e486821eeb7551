"""The settings of what writes a target from a source, and what follows from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from elman.errors import ModelFileError
from elman.models.settings import LARGEST_VOCABULARY, NetworkSettings, checked_architecture
from elman.models.side import SIDE_UNITS
from elman.network import Architecture, Rewriting
from elman.network.attention import KINDS
from elman.network.rewriter import ORDERS
from elman.ranges import among, whole
from elman.training import Plan

WIDEST_VECTOR = 65_536

SIDE_CHOICES = (*SIDE_UNITS, "auto")


@dataclass(frozen=True)
class RewriteRecipe:
    """Default settings of a rewriter; docs/decisions.md has the measurements behind them.

    Args:
        dropout: of embeddings, of a vector's numbers and of what is written; inside the blocks it
            is `inner_dropout`.
        symbols: of a batch, sources and targets together.
        passes: over all pairs, at most, however long the training may take.
    """

    width: int
    dropout: float
    inner_dropout: float
    learning_rate: float
    weight_decay: float
    symbols: int
    passes: int


SMOOTHING = 0.1
AVERAGED = 0.1

RECIPES = {
    "subword": RewriteRecipe(256, 0.2, 0.1, 2e-3, 0.1, symbols=3_000, passes=16),
    "character": RewriteRecipe(192, 0.1, 0.05, 2e-3, 0.1, symbols=2_500, passes=20),
    "vector": RewriteRecipe(128, 0.2, 0.1, 2e-3, 0.1, symbols=300, passes=40),
}
"""By the unit of the source; or where it is a vector."""


@dataclass(frozen=True)
class RewriteSettings(NetworkSettings):
    """What a translator and a describer have in common."""

    unit: str

    def __post_init__(self) -> None:
        super().__post_init__()
        among("unit", self.unit, SIDE_CHOICES)

    def silenced(self, recipe: RewriteRecipe) -> float:
        """The share of embeddings and of what is written."""
        return recipe.dropout if self.dropout is None else self.dropout

    def architecture(self, recipe: RewriteRecipe, vocabulary: int) -> Architecture:
        """Of the blocks."""
        return Architecture(
            vocabulary=vocabulary,
            cell=self.cell,
            width=recipe.width if self.width is None else self.width,
            layers=self.layers,
            dropout=min(recipe.inner_dropout, self.silenced(recipe)),
            tied=True,
        )

    def plan(self, recipe: RewriteRecipe, steps: int) -> Plan:
        """The training's plan.

        Args:
            steps: of one pass over the pairs.
        """
        return Plan(
            minutes=None if self.steps is not None else self.minutes,
            steps=self.steps,
            most_steps=recipe.passes * steps,
            learning_rate=recipe.learning_rate,
            weight_decay=recipe.weight_decay,
            averaged=AVERAGED,
            seed=self.seed,
        )


@dataclass(frozen=True)
class TranslatorSettings(RewriteSettings):
    """The settings of `Translator`, each within its range."""

    attention: str
    order: str

    def __post_init__(self) -> None:
        super().__post_init__()
        among("attention", self.attention, KINDS)
        among("order", self.order, ORDERS)


@dataclass(frozen=True)
class DescriberSettings(RewriteSettings):
    """The settings of `Describer`, each within its range."""


def checked_rewriting(value: object, vocabulary: int) -> Rewriting:
    """The rewriter that a model file describes, for a target vocabulary of that size.

    Raises:
        ModelFileError: where it is none; SettingError: not in range.
    """
    if not isinstance(value, dict) or value.keys() != {"blocks", "source", "attention", "order"}:
        raise ModelFileError("its rewriter is not one that is known here")
    among("attention", value["attention"], KINDS)
    among("order", value["order"], (*ORDERS, "vector"))
    of_vectors = value["order"] == "vector"
    whole("source", value["source"], int(of_vectors), _most_sources(of_vectors))
    blocks = checked_architecture(value["blocks"], vocabulary)
    told: dict[str, Any] = {**value, "blocks": blocks}
    return Rewriting(**told)


def _most_sources(of_vectors: bool) -> int:
    return WIDEST_VECTOR if of_vectors else LARGEST_VOCABULARY
