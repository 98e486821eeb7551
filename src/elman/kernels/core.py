"""The native core: whether it is available, and its instruction set.

The package falls back to torch where the core was not built, where it does not support the
processor, and where the environment sets ELMAN_NATIVE=off.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from elman.errors import SettingError

VARIABLE = "ELMAN_NATIVE"
OFF = "off"

EPSILON = 1e-6
"""Added to the mean square of a vector before its root, in RMS norms."""


@cache
def _loaded() -> tuple[Any, str]:
    """The extension module, or None with the reason why it is missing."""
    try:
        return importlib.import_module("elman.kernels._core"), ""
    except ModuleNotFoundError:
        return None, "not built"
    except ImportError as error:  # built on another machine, whose libraries this one lacks
        return None, f"not loaded: {error}"


def _built() -> Any:
    return _loaded()[0]


def sets() -> tuple[str, ...]:
    """The instruction sets that `using` accepts here, fastest first; "off" comes last."""
    module = _built()
    return (*(module.instruction_sets() if module else ()), OFF)


class _Choice:
    """Which of `sets` is in use: the environment's until `use` is called."""

    name: str | None = None


def name() -> str:
    """The instruction set in use: "avx512", "avx2", "portable", or "off".

    Raises:
        SettingError: if the environment names one that this machine does not support.
    """
    if _Choice.name is None:
        use(os.environ.get(VARIABLE) or sets()[0])
    assert _Choice.name is not None
    return _Choice.name


def state() -> str:
    """`name`, with the reason if it is "off": "off (not built)", "off (ELMAN_NATIVE=off)".

    Raises:
        SettingError: as `name`.
    """
    if name() != OFF:
        return name()
    return f"{OFF} ({_loaded()[1] or f'{VARIABLE}={OFF}'})"


def module() -> Any:
    """The core, or None if it is off."""
    return None if name() == OFF else _built()


def use(instruction_set: str) -> None:
    """Run on this instruction set from now on.

    Args:
        instruction_set: one of `sets`.

    Raises:
        SettingError: if the machine or the build does not support it.
    """
    if instruction_set not in sets():
        available = ", ".join(sets())
        raise SettingError(
            f"{instruction_set!r} is not supported by this machine or build; "
            f"choose from {available}",
            location=VARIABLE,
        )
    if instruction_set != OFF:
        _built().use(instruction_set)
    _Choice.name = instruction_set


@contextmanager
def using(instruction_set: str) -> Iterator[None]:
    """Run the core on this instruction set, or "off", inside a `with` block."""
    before = name()
    use(instruction_set)
    try:
        yield
    finally:
        use(before)
