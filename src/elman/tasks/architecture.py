"""The architecture of a network: chosen by settings and recipe, or read from a model file.

Shapes: V vocabulary.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from elman.cells import CELLS
from elman.errors import ModelFileError
from elman.nn.config import COMPONENTS, EncoderConfig, StackConfig
from elman.ranges import check_choice, check_integer, check_number
from elman.tasks.settings import DEEPEST, WIDEST, NetworkSettings, Recipe
from elman.text.subword_hashing import HashedVocabulary, buckets_of
from elman.text.tokenizers.tokenizer import Tokenizer

LARGEST_VOCABULARY = 2**20


@dataclass(frozen=True)
class BlockRecipe(Recipe):
    """The recipe of a network whose blocks stand between an embedding and an output.

    Args:
        hidden_dropout: probability of dropout inside the blocks.
        epochs: the most epochs, however long the training may take.
    """

    hidden_dropout: float
    epochs: int

    def stack_of(
        self, settings: NetworkSettings, vocabulary: int, *, tied: bool = False
    ) -> StackConfig:
        """What the blocks are built from.

        Args:
            vocabulary: V, its size.
            tied: whether the output shares the embedding's weights.
        """
        return StackConfig(
            vocabulary=vocabulary,
            cell=settings.cell,
            hidden_size=self.hidden_size_of(settings),
            layers=settings.layers,
            dropout=min(self.hidden_dropout, self.dropout_of(settings)),
            tied=tied,
        )


@dataclass(frozen=True)
class EncoderRecipe(BlockRecipe):
    """The recipe of an encoder.

    Args:
        batch_size: texts or sentences of a batch.
    """

    batch_size: int

    def steps_of(self, examples: int) -> int:
        """The most steps of a training on so many examples."""
        return self.epochs * -(-examples // self.batch_size)


def checked_stack(value: object, vocabulary: int) -> StackConfig:
    """The architecture that a model file holds, for a vocabulary of that size.

    Raises:
        ModelFileError: it is not an architecture; SettingError: a value is out of range.
    """
    names = {field.name for field in dataclasses.fields(StackConfig)}
    if not isinstance(value, dict) or value.keys() != names:
        raise ModelFileError("its architecture is not that of a network of tokens")
    check_integer("vocabulary", value["vocabulary"], 1, LARGEST_VOCABULARY)
    if value["vocabulary"] != vocabulary:
        raise ModelFileError(
            f"its vocabulary has {vocabulary} tokens, its network {value['vocabulary']!r}"
        )
    check_blocks(value)
    if not isinstance(value["components"], list) or not isinstance(value["tied"], bool):
        raise ModelFileError("its architecture is malformed")
    components = tuple(part for part in COMPONENTS if part in value["components"])
    if list(components) != value["components"]:
        raise ModelFileError("the components of its blocks are not known here")
    return StackConfig(**{**value, "components": components})


def check_blocks(value: dict[str, Any]) -> None:
    """The cell, hidden_size, layers and dropout of a network that a model file describes.

    Raises:
        SettingError: where one is not in range.
    """
    check_choice("cell", value["cell"], CELLS)
    check_integer("hidden-size", value["hidden_size"], 1, WIDEST)
    check_integer("layers", value["layers"], 1, DEEPEST)
    check_number("dropout", value["dropout"], lambda p: 0 <= p < 1, "from 0 to below 1")


def checked_encoder(value: object, vocabulary: Tokenizer | HashedVocabulary) -> EncoderConfig:
    """The encoder that a model file describes, for a vocabulary.

    Raises:
        ModelFileError: it is not an encoder; SettingError: a value is out of range.
    """
    if not isinstance(value, dict) or value.keys() != {"blocks", "directions", "buckets"}:
        raise ModelFileError("its encoder is not one that is known here")
    check_integer("directions", value["directions"], 1, 2)
    buckets = buckets_of(vocabulary)
    if type(value["buckets"]) is not int or value["buckets"] != buckets:
        raise ModelFileError("its encoder is malformed")
    blocks = checked_stack(value["blocks"], vocabulary.size)
    return EncoderConfig(blocks, value["directions"], buckets)


def check_cell(settings: NetworkSettings, cell: str) -> None:
    """Whether a model file's settings name the cell of its network.

    Raises:
        ModelFileError: where they do not.
    """
    if settings.cell != cell:
        raise ModelFileError("its settings are not those of its network")
