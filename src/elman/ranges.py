"""Check settings against their ranges; each error states the valid range."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection
from typing import Any

from elman.errors import SettingError

BYTES = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9}


def check_choice(location: str, value: object, names: Collection[str]) -> None:
    """Check that a setting is one of a few names.

    Args:
        location: the setting, for messages.
        value: to check.
        names: the valid names.

    Raises:
        SettingError: it is not one of them.
    """
    if not isinstance(value, str) or value not in names:
        raise SettingError(
            f"{value!r} is not known", location=location, hint=f"It is {listed(names)}."
        )


def check_integer(location: str, value: Any, least: int, most: int | None = None) -> None:
    """Check that a setting is an integer in a range.

    Args:
        location: the setting, for messages.
        value: to check.
        least: the minimum.
        most: the maximum; None: there is none.

    Raises:
        SettingError: it is not an int, or is out of range.
    """
    if type(value) is not int or value < least or (most is not None and value > most):
        range_ = f"{least} or more" if most is None else f"from {least} to {most}"
        raise SettingError(
            f"{value!r} is out of range", location=location, hint=f"It is a whole number, {range_}."
        )


def check_number(location: str, value: Any, sound: Callable[[float], bool], range_: str) -> None:
    """Check that a setting is a finite number in a range.

    Args:
        location: the setting, for messages.
        value: to check.
        sound: whether a number is in the range.
        range_: the range in words, such as "above 0".

    Raises:
        SettingError: it is not a finite int or float, or is out of range.
    """
    real = isinstance(value, int | float) and not isinstance(value, bool)
    # Compare instead of calling isfinite: an int may be too large for a float.
    if not real or not -math.inf < value < math.inf or not sound(value):
        raise SettingError(f"{value!r} is out of range", location=location, hint=f"It is {range_}.")


def listed(names: Collection[str]) -> str:
    """The names in words: 'a, b or c'."""
    *others, last = names
    return f"{', '.join(others)} or {last}" if others else last


def check_size(location: str, value: Any) -> None:
    """Check that a setting is a size.

    Args:
        location: the setting, for messages.
        value: to check.

    Raises:
        SettingError: it is not a size above 0.
    """
    if type(value) not in (int, str) or not bytes_of(value):
        raise SettingError(
            f"{value!r} is not a size", location=location, hint="It is such as 5MB or 300kB."
        )


def bytes_of(size: int | str) -> int | None:
    """The bytes of a size such as '5MB', '300 kB' or 300000; None if it is not a size."""
    found = re.fullmatch(r"(\d{1,12}(?:\.\d{1,9})?)\s*([a-z]*)", str(size).strip().lower())
    if found is None or found[2] not in BYTES:
        return None
    return int(float(found[1]) * BYTES[found[2]])
