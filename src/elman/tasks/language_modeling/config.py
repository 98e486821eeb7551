"""A language model's settings: checked when training begins, and what follows from them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from elman.errors import ModelFileError, SettingError
from elman.nn.blocks import COMPONENTS, StackConfig
from elman.ranges import among, number
from elman.tasks.config import NetworkConfig
from elman.text.tokenizers.table import TOKENIZERS
from elman.training.plan import Plan


@dataclass(frozen=True)
class LanguageModelRecipe:
    """Default settings of a tokenizer's models, as measured in docs/decisions.md."""

    hidden_size: int
    dropout: float
    learning_rate: float
    weight_decay: float
    rows: int
    time: int
    tied: bool


RECIPES = {
    "character": LanguageModelRecipe(192, 0.15, 7e-3, 0.3, rows=32, time=64, tied=False),
    "word": LanguageModelRecipe(256, 0.1, 5e-3, 0.5, rows=64, time=32, tied=True),
    "subword": LanguageModelRecipe(256, 0.1, 3e-3, 0.3, rows=32, time=64, tied=True),
}


@dataclass(frozen=True)
class LanguageModelTrainingConfig(NetworkConfig):
    """The settings of `LanguageModel`, each within its range.

    Raises:
        SettingError: for the first that is not.
    """

    tokenizer: str
    components: Sequence[str]
    learning_rate: float | None

    def __post_init__(self) -> None:
        among("tokenizer", self.tokenizer, TOKENIZERS)
        super().__post_init__()
        if isinstance(self.components, str) or not isinstance(self.components, Sequence):
            raise SettingError(f"{self.components!r} is no list of names", location="components")
        for part in self.components:
            among("components", part, COMPONENTS)
        if self.learning_rate is not None:
            number("learning-rate", self.learning_rate, lambda x: 0 < x <= 10, "above 0, up to 10")

    @property
    def recipe(self) -> LanguageModelRecipe:
        return RECIPES[self.tokenizer]

    def architecture(self, vocabulary: int) -> StackConfig:
        recipe = self.recipe
        return StackConfig(
            vocabulary=vocabulary,
            cell=self.cell,
            hidden_size=recipe.hidden_size if self.hidden_size is None else self.hidden_size,
            layers=self.layers,
            components=tuple(part for part in COMPONENTS if part in self.components),
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


def checked_learned(value: object) -> Counter[str]:
    """The taught words that a model file holds.

    Raises:
        ModelFileError: where they are not words with counts.
    """
    if not isinstance(value, dict) or not all(type(n) is int and n > 0 for n in value.values()):
        raise ModelFileError("its learned words are malformed")
    return Counter(value)
