"""How a first look is printed, at the data of each task."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from elman.cli.looks.forecasting import print_series
from elman.cli.looks.language import print_text
from elman.cli.looks.reading import print_labelled, print_tagged
from elman.cli.looks.rewriting import print_pairs, print_vectors

if TYPE_CHECKING:
    from collections.abc import Callable

_PRINT: dict[str, Callable[[Any, str], None]] = {
    "language": print_text,
    "classify": print_labelled,
    "tag": print_tagged,
    "translate": print_pairs,
    "describe": print_vectors,
    "forecast": print_series,
}


def print_look(task: str, found: Any, looks: str) -> None:
    """What was found, and what it is for.

    Args:
        found: what a look at data for this task gives.
        looks: how the task is known, such as 'It looks like'.
    """
    _PRINT[task](found, looks)
