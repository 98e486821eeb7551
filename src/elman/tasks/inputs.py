"""Convert and check inputs that several tasks share."""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from elman.console.terminal import counted
from elman.errors import EmptyTextError, InputError, UnseenLabelWarning

HELD_OUT = 0.1
MAX_HELD_OUT = 2_000


def hashed(rows: Iterable[Any]) -> str:
    """sha256 of rows of plain data, in hex."""
    digest = hashlib.sha256()
    for row in rows:
        digest.update(json.dumps(row).encode())
    return digest.hexdigest()


def as_texts(texts: Any, location: str = "texts") -> list[str]:
    """Convert a list, array or column of texts to a list.

    Raises:
        InputError: it is a single text, or holds a value that is not a text.
    """
    found = listed_values(texts)
    if found is None:
        raise InputError(
            "expected several texts, found one", location=location, hint="Put it in a list: [text]"
        )
    for number, each in enumerate(found, start=1):
        if not isinstance(each, str):
            raise InputError(
                f"number {number} is not text but {type(each).__name__}",
                location=location,
                hint="Give a list of str.",
            )
    return found


def listed_values(values: Any) -> list[Any] | None:
    """Convert a list, array or column to a list of Python values; None for a single value."""
    if hasattr(values, "__array__"):
        values = np.asarray(values)
    # Strings and arrays without dimensions count as iterable, but are single values.
    if isinstance(values, str | bytes) or getattr(values, "ndim", 1) == 0:
        return None
    if not isinstance(values, Iterable):
        return None
    return [each.item() if isinstance(each, np.generic) else each for each in values]


def warn_of_unseen(unseen: Sequence[Any], what: str, label: str) -> None:
    """Warn that labels of a validation set do not occur in training, if there are any.

    Args:
        unseen: these labels, one for each of their inputs.
        what, label: what has a label, and what it is, in the singular.
    """
    if unseen:
        have = counted(len(unseen), f"validation {what} has", f"validation {what}s have")
        counts = "it counts" if len(unseen) == 1 else "they count"
        warnings.warn(
            f"{have} a {label} that no training {what} has ({unseen[0]!r}); {counts} as errors",
            UnseenLabelWarning,
            stacklevel=2,
        )


def held_out(groups: Sequence[Any], seed: int, location: str = "sources") -> npt.NDArray[np.bool_]:
    """Mask (N,) of the validation set: a random tenth, at most MAX_HELD_OUT groups.

    Args:
        groups: (N,) group of each row, such as its source. Groups are not split.
        seed: of the draw.
        location: for errors.

    Raises:
        EmptyTextError: there is only one group.
    """
    numbers = {group: number for number, group in enumerate(dict.fromkeys(groups))}
    if len(numbers) < 2:
        raise EmptyTextError(
            "there is one source only", location=location, hint="Give it a few hundred."
        )
    order = np.random.default_rng(seed).permutation(len(numbers))
    count = max(1, min(MAX_HELD_OUT, round(HELD_OUT * len(numbers))))
    held = np.zeros(len(numbers), dtype=bool)
    held[order[:count]] = True
    found: npt.NDArray[np.bool_] = held[[numbers[group] for group in groups]]
    return found
