"""What `elman peek` finds in the files of any task."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Inspection(ABC):
    """What files hold; each task has its own fields."""

    @property
    @abstractmethod
    def can_be_learned(self) -> bool:
        """Whether a model can be trained on them."""

    @property
    def suggested_options(self) -> dict[str, str]:
        """Options of `elman train` that suit the files, by name."""
        return {}

    @abstractmethod
    def show(self, looks: str) -> None:
        """Print it.

        Args:
            looks: how the task is known, such as 'It looks like'.
        """

    def to_json(self) -> dict[str, Any]:
        """The same as plain data."""
        return asdict(self)
