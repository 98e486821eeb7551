"""Packages that the examples need and Elman does without."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from elman.errors import InputError


def extra(module: str) -> Any:
    """A module of such a package.

    Raises:
        InputError: it is not installed.
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise InputError(
            f"the package {module.partition('.')[0]} is not installed",
            advice="Try: pip install 'elman[examples]'",
        ) from error
