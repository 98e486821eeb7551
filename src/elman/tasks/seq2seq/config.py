"""The settings of what writes a target from a source, and what follows from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from elman.errors import ModelFileError
from elman.nn.attention import KINDS
from elman.nn.blocks import StackConfig
from elman.nn.seq2seq import ORDERS, Seq2SeqConfig
from elman.ranges import among, whole
from elman.tasks.config import LARGEST_VOCABULARY, NetworkConfig, checked_stack
from elman.tasks.seq2seq.text_codec import CODEC_TOKENIZERS
from elman.training.plan import Plan

WIDEST_VECTOR = 65_536

TOKENIZER_CHOICES = (*CODEC_TOKENIZERS, "auto")


@dataclass(frozen=True)
class Seq2SeqRecipe:
    """Default settings of an encoder-decoder; docs/decisions.md has the measurements behind them.

    Args:
        dropout: of embeddings, of a vector's numbers and of what is written; inside the blocks it
            is `hidden_dropout`.
        tokens: of a batch, sources and targets together.
        passes: over all pairs, at most, however long the training may take.
    """

    hidden_size: int
    dropout: float
    hidden_dropout: float
    learning_rate: float
    weight_decay: float
    tokens: int
    passes: int


SMOOTHING = 0.1
EMA_DECAY = 0.1

RECIPES = {
    "subword": Seq2SeqRecipe(256, 0.2, 0.1, 2e-3, 0.1, tokens=3_000, passes=16),
    "character": Seq2SeqRecipe(192, 0.1, 0.05, 2e-3, 0.1, tokens=2_500, passes=20),
    "vector": Seq2SeqRecipe(128, 0.2, 0.1, 2e-3, 0.1, tokens=300, passes=40),
}
"""By the tokenizer of the source; or where it is a vector."""


@dataclass(frozen=True)
class Seq2SeqTrainingConfig(NetworkConfig):
    """What a translator and a describer have in common."""

    tokenizer: str

    def __post_init__(self) -> None:
        super().__post_init__()
        among("tokenizer", self.tokenizer, TOKENIZER_CHOICES)

    def outer_dropout(self, recipe: Seq2SeqRecipe) -> float:
        """The share of embeddings and of what is written."""
        return recipe.dropout if self.dropout is None else self.dropout

    def architecture(self, recipe: Seq2SeqRecipe, vocabulary: int) -> StackConfig:
        """Of the blocks."""
        return StackConfig(
            vocabulary=vocabulary,
            cell=self.cell,
            hidden_size=recipe.hidden_size if self.hidden_size is None else self.hidden_size,
            layers=self.layers,
            dropout=min(recipe.hidden_dropout, self.outer_dropout(recipe)),
            tied=True,
        )

    def plan(self, recipe: Seq2SeqRecipe, steps: int) -> Plan:
        """The training's plan.

        Args:
            steps: of one pass over the pairs.
        """
        return Plan(
            minutes=None if self.steps is not None else self.minutes,
            steps=self.steps,
            max_steps=recipe.passes * steps,
            learning_rate=recipe.learning_rate,
            weight_decay=recipe.weight_decay,
            averaged=EMA_DECAY,
            seed=self.seed,
        )


@dataclass(frozen=True)
class TranslatorTrainingConfig(Seq2SeqTrainingConfig):
    """The settings of `Translator`, each within its range."""

    attention: str
    order: str

    def __post_init__(self) -> None:
        super().__post_init__()
        among("attention", self.attention, KINDS)
        among("order", self.order, ORDERS)


@dataclass(frozen=True)
class DescriberTrainingConfig(Seq2SeqTrainingConfig):
    """The settings of `Describer`, each within its range."""


def checked_seq2seq(value: object, vocabulary: int) -> Seq2SeqConfig:
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
    blocks = checked_stack(value["blocks"], vocabulary)
    told: dict[str, Any] = {**value, "blocks": blocks}
    return Seq2SeqConfig(**told)


def _most_sources(of_vectors: bool) -> int:
    return WIDEST_VECTOR if of_vectors else LARGEST_VOCABULARY
