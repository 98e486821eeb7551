"""A tagger's settings: checked when training begins, and what follows from them."""

from __future__ import annotations

from dataclasses import dataclass

from elman.nn.blocks import StackConfig
from elman.nn.encoder import EncoderConfig
from elman.tasks.encoder_config import EncoderRecipe, EncoderTaskConfig
from elman.tasks.tokenization import encoder_config
from elman.text.subword_hashing import HashedVocabulary

RECIPE = EncoderRecipe(128, 0.5, 0.1, 3e-3, 0.3, rows=32, passes=8)


@dataclass(frozen=True)
class TaggerTrainingConfig(EncoderTaskConfig):
    """The settings of `Tagger`, each within its range."""

    def reading(self, lexicon: HashedVocabulary) -> EncoderConfig:
        """The reader of a lexicon's words, in both directions."""
        blocks = StackConfig(
            vocabulary=lexicon.size,
            cell=self.cell,
            hidden_size=RECIPE.hidden_size if self.hidden_size is None else self.hidden_size,
            layers=self.layers,
            dropout=min(RECIPE.hidden_dropout, self.outer_dropout(RECIPE)),
        )
        return encoder_config(lexicon, blocks, directions=2)
