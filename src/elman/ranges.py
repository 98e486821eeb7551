"""Settings held against their ranges; every refusal says what would do."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from typing import Any

from elman.errors import SettingError


def among(location: str, value: object, names: Collection[str]) -> None:
    """One of a few names.

    Raises:
        SettingError: where it is none of them.
    """
    if not isinstance(value, str) or value not in names:
        raise SettingError(
            f"{value!r} is not known", location=location, hint=f"It is {listed(names)}."
        )


def whole(location: str, value: Any, least: int, most: int | None = None) -> None:
    """A whole number from `least` on, up to `most` if there is one.

    Raises:
        SettingError: where it is not.
    """
    if type(value) is not int or value < least or (most is not None and value > most):
        range_ = f"{least} or more" if most is None else f"from {least} to {most}"
        raise SettingError(
            f"{value!r} is out of range", location=location, hint=f"It is a whole number, {range_}."
        )


def number(location: str, value: Any, sound: Callable[[float], bool], range_: str) -> None:
    """A finite number for which `sound` holds; `range_` says in words which those are.

    Raises:
        SettingError: where it is not.
    """
    real = isinstance(value, int | float) and not isinstance(value, bool)
    # Compared, not asked whether it is finite: a whole number may be too large for a float.
    if not real or not -math.inf < value < math.inf or not sound(value):
        raise SettingError(f"{value!r} is out of range", location=location, hint=f"It is {range_}.")


def listed(names: Collection[str]) -> str:
    """'a, b or c'."""
    *others, last = names
    return f"{', '.join(others)} or {last}" if others else last
