"""How a first look is printed, at the data of each task."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from elman.tasks.classification.inspect import print_labelled_inspection
from elman.tasks.description.inspect import print_vectors_inspection
from elman.tasks.forecasting.inspect import print_series_inspection
from elman.tasks.language_modeling.inspect import print_text_inspection
from elman.tasks.tagging.inspect import print_tagged_inspection
from elman.tasks.translation.inspect import print_pairs_inspection

if TYPE_CHECKING:
    from collections.abc import Callable


_PRINT: dict[str, Callable[[Any, str], None]] = {
    "language": print_text_inspection,
    "classify": print_labelled_inspection,
    "tag": print_tagged_inspection,
    "translate": print_pairs_inspection,
    "describe": print_vectors_inspection,
    "forecast": print_series_inspection,
}


def print_inspection(task: str, found: Any, looks: str) -> None:
    """What was found, and what it is for.

    Args:
        found: what a look at data for this task gives.
        looks: how the task is known, such as 'It looks like'.
    """
    _PRINT[task](found, looks)
