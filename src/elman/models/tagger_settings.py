"""A tagger's settings: checked when training begins, and what follows from them."""

from __future__ import annotations

from dataclasses import dataclass

from elman.models.encoding import reading
from elman.models.reader_settings import ReaderRecipe, ReaderSettings
from elman.network import Architecture, Reading
from elman.text import Lexicon

RECIPE = ReaderRecipe(128, 0.5, 0.1, 3e-3, 0.3, rows=32, passes=8)


@dataclass(frozen=True)
class TaggerSettings(ReaderSettings):
    """The settings of `Tagger`, each within its range."""

    def reading(self, lexicon: Lexicon) -> Reading:
        """The reader of a lexicon's words, in both directions."""
        blocks = Architecture(
            vocabulary=lexicon.size,
            cell=self.cell,
            width=RECIPE.width if self.width is None else self.width,
            layers=self.layers,
            dropout=min(RECIPE.inner_dropout, self.silenced(RECIPE)),
        )
        return reading(lexicon, blocks, directions=2)
