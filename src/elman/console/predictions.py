from __future__ import annotations

from typing import NamedTuple


class PredictionLines(NamedTuple):
    """Lines to be printed, and how many texts or sentences they answer."""

    written: str
    answered: int
