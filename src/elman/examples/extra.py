"""Packages that the examples need and Elman does without."""

from __future__ import annotations

from typing import Any

from elman.extras import needed


def extra(module: str) -> Any:
    """A module of such a package.

    Raises:
        InputError: it is not installed.
    """
    return needed(module, "examples")
