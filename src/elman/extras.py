"""Import optional packages, the extras of pyproject.toml."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from elman.errors import InputError


def require(module: str, extra: str) -> Any:
    """Import a module of an optional package.

    Args:
        module: its full name.
        extra: the extra of Elman that installs the package.

    Raises:
        InputError: the package is not installed.
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise InputError(
            f"the package {module.partition('.')[0]} is not installed",
            hint=f"Try: pip install 'elman[{extra}]'",
        ) from error
