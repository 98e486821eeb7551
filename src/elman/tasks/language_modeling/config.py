"""A language model's settings, and what its network is built from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from elman.errors import ModelFileError, SettingError
from elman.nn.config import COMPONENTS, StackConfig
from elman.ranges import check_choice, check_number
from elman.tasks.settings import CountedSettings, NetworkSettings, Recipe, changed, setting
from elman.text.tokenizers.table import TOKENIZERS


@dataclass(frozen=True)
class LanguageModelRecipe(Recipe):
    """The recipe of a tokenizer's language models.

    Args:
        batch_size: streams of text of a batch.
        sequence_length: tokens of each.
        tied: whether the output shares the embedding's weights.
    """

    batch_size: int
    sequence_length: int
    tied: bool


RECIPES = {
    "character": LanguageModelRecipe(
        192, 0.15, 7e-3, 0.3, batch_size=32, sequence_length=64, tied=False
    ),
    "word": LanguageModelRecipe(256, 0.1, 5e-3, 0.5, batch_size=64, sequence_length=32, tied=True),
    "subword": LanguageModelRecipe(
        256, 0.1, 3e-3, 0.3, batch_size=32, sequence_length=64, tied=True
    ),
}


def _check_parts(location: str, value: Any) -> None:
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise SettingError(f"{value!r} is not a list of names", location=location)
    for part in value:
        check_choice(location, part, COMPONENTS)


@dataclass(kw_only=True, eq=False, repr=False)
class LanguageModelSettings(CountedSettings):
    """The settings of `LanguageModel`."""

    tokenizer: str = setting(
        "character",
        'what one token is, "character", "word" or "subword".',
        partial(check_choice, names=TOKENIZERS),
    )
    layers: int = changed(NetworkSettings, "layers", 2)
    components: Sequence[str] = setting(
        COMPONENTS,
        "of each block, from `elman.nn.config.COMPONENTS`; none leaves the bare cell.",
        _check_parts,
    )
    counts: str = changed(
        CountedSettings,
        "counts",
        "on",
        '"on" answers with n-grams of the training text beside the network, "off" with '
        'the network alone, "only" without a network.',
    )
    learning_rate: float | None = setting(
        None,
        "the largest learning rate, above 0, up to 10; None chooses by the tokenizer.",
        partial(check_number, sound=lambda x: 0 < x <= 10, range_="above 0, up to 10"),
    )

    @classmethod
    def _network_settings(cls) -> tuple[str, ...]:
        return *super()._network_settings(), "components", "learning_rate"


def recipe_of(settings: LanguageModelSettings) -> LanguageModelRecipe:
    """That of the tokenizer, with the learning rate that was set."""
    recipe = RECIPES[settings.tokenizer]
    rate = settings.learning_rate
    return recipe if rate is None else replace(recipe, learning_rate=rate)


def architecture_of(settings: LanguageModelSettings, vocabulary: int) -> StackConfig:
    """What the network is built from, for a vocabulary of that size."""
    recipe = recipe_of(settings)
    return StackConfig(
        vocabulary=vocabulary,
        cell=settings.cell,
        hidden_size=recipe.hidden_size_of(settings),
        layers=settings.layers,
        components=tuple(part for part in COMPONENTS if part in settings.components),
        dropout=recipe.dropout_of(settings),
        tied=recipe.tied,
    )


def checked_learned(value: object) -> Counter[str]:
    """The taught words that a model file holds.

    Raises:
        ModelFileError: they are not words with counts.
    """
    if not isinstance(value, dict) or not all(type(n) is int and n > 0 for n in value.values()):
        raise ModelFileError("its learned words are malformed")
    return Counter(value)
