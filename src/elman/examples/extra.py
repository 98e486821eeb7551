"""Import the optional packages of the examples."""

from __future__ import annotations

from typing import Any

from elman.extras import require


def extra(module: str) -> Any:
    """A module of an optional package, by its full name.

    Raises:
        InputError: the package is not installed.
    """
    return require(module, "examples")
