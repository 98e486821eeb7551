"""Packages that a part of Elman needs and the rest does without: the extras of pyproject.toml."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from elman.errors import InputError


def needed(module: str, extra: str) -> Any:
    """A module of such a package.

    Raises:
        InputError: it is not installed.
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise InputError(
            f"the package {module.partition('.')[0]} is not installed",
            hint=f"Try: pip install 'elman[{extra}]'",
        ) from error
