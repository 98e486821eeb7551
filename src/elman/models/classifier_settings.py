"""A classifier's settings: checked when training begins, and what follows from them."""

from __future__ import annotations

from dataclasses import dataclass

from elman.models.encoding import READING_UNITS, reading
from elman.models.reader_settings import ReaderRecipe, ReaderSettings
from elman.network import Architecture, Reading
from elman.ranges import among, whole
from elman.text import Lexicon, Unit

AUTO = "auto"
BALANCED = "balanced"
SMOOTHING = 0.1

RECIPES = {
    "character": ReaderRecipe(256, 0.3, 0.15, 3e-3, 0.5, rows=64, passes=13),
    "subword": ReaderRecipe(128, 0.25, 0.25, 3e-3, 0.3, rows=64, passes=10),
    "word": ReaderRecipe(128, 0.25, 0.25, 3e-3, 0.3, rows=64, passes=10),
}


@dataclass(frozen=True)
class ClassifierSettings(ReaderSettings):
    """The settings of `Classifier`, each within its range.

    Raises:
        SettingError: for the first that is not.
    """

    unit: str
    directions: int
    class_weight: str | None

    def __post_init__(self) -> None:
        among("unit", self.unit, (AUTO, *READING_UNITS))
        super().__post_init__()
        whole("directions", self.directions, 1, 2)
        if self.class_weight is not None:
            among("class-weight", self.class_weight, (BALANCED,))

    def reading(self, unit: Unit | Lexicon) -> Reading:
        """The reader of a vocabulary."""
        recipe = RECIPES[unit.name]
        blocks = Architecture(
            vocabulary=unit.size,
            cell=self.cell,
            width=recipe.width if self.width is None else self.width,
            layers=self.layers,
            dropout=min(recipe.inner_dropout, self.silenced(recipe)),
        )
        return reading(unit, blocks, self.directions)
