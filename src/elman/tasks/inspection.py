"""The result of `elman peek` for any task."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Inspection(ABC):
    """Statistics of data files; each task adds its fields."""

    @property
    @abstractmethod
    def can_be_learned(self) -> bool:
        """Whether a model can be trained on them."""

    @property
    def suggested_options(self) -> dict[str, str]:
        """Suggested options of `elman train`, by name."""
        return {}

    @abstractmethod
    def show(self, looks: str) -> None:
        """Print the statistics.

        Args:
            looks: the beginning of the last sentence, such as 'It looks like'.
        """

    def to_json(self) -> dict[str, Any]:
        """The statistics as plain data."""
        return asdict(self)
