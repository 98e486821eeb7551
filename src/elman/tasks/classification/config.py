"""A classifier's settings: checked when training begins, and what follows from them."""

from __future__ import annotations

from dataclasses import dataclass

from elman.nn.blocks import StackConfig
from elman.nn.encoder import EncoderConfig
from elman.ranges import among, whole
from elman.tasks.encoder_config import EncoderRecipe, EncoderTaskConfig
from elman.tasks.tokenization import ENCODER_TOKENIZERS, encoder_config
from elman.text.subword_hashing import HashedVocabulary
from elman.text.tokenizers.tokenizer import Tokenizer

AUTO = "auto"
BALANCED = "balanced"
SMOOTHING = 0.1

RECIPES = {
    "character": EncoderRecipe(256, 0.3, 0.15, 3e-3, 0.5, rows=64, passes=13),
    "subword": EncoderRecipe(128, 0.25, 0.25, 3e-3, 0.3, rows=64, passes=10),
    "word": EncoderRecipe(128, 0.25, 0.25, 3e-3, 0.3, rows=64, passes=10),
}


@dataclass(frozen=True)
class ClassifierTrainingConfig(EncoderTaskConfig):
    """The settings of `Classifier`, each within its range.

    Raises:
        SettingError: for the first that is not.
    """

    tokenizer: str
    directions: int
    class_weight: str | None

    def __post_init__(self) -> None:
        among("tokenizer", self.tokenizer, (AUTO, *ENCODER_TOKENIZERS))
        super().__post_init__()
        whole("directions", self.directions, 1, 2)
        if self.class_weight is not None:
            among("class-weight", self.class_weight, (BALANCED,))

    def reading(self, tokenizer: Tokenizer | HashedVocabulary) -> EncoderConfig:
        """The reader of a vocabulary."""
        recipe = RECIPES[tokenizer.name]
        blocks = StackConfig(
            vocabulary=tokenizer.size,
            cell=self.cell,
            hidden_size=recipe.hidden_size if self.hidden_size is None else self.hidden_size,
            layers=self.layers,
            dropout=min(recipe.hidden_dropout, self.outer_dropout(recipe)),
        )
        return encoder_config(tokenizer, blocks, self.directions)
