"""The native core: whether it is there, and which instruction set it runs on.

The package works without it, through torch: where it was not built, where the processor is
unknown to it, and where the environment says ELMAN_NATIVE=off.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import torch
from torch import Tensor

from elman.errors import SettingError

VARIABLE = "ELMAN_NATIVE"
OFF = "off"


@cache
def _loaded() -> tuple[Any, str]:
    """The extension module; or None, and why it is not there."""
    try:
        return importlib.import_module("elman.kernels._core"), ""
    except ModuleNotFoundError:
        return None, "not built"
    except ImportError as error:  # built on another machine, whose libraries this one lacks
        return None, f"not loaded: {error}"


def _built() -> Any:
    return _loaded()[0]


def sets() -> tuple[str, ...]:
    """What `using` takes on this machine, the fastest first; "off" is always the last."""
    module = _built()
    return (*(module.instruction_sets() if module else ()), OFF)


class _Choice:
    """Which of `sets` is in use; what the environment says holds until someone else says more."""

    name: str | None = None


def name() -> str:
    """The instruction set in use: "avx512", "avx2", "portable", or "off".

    Raises:
        SettingError: where the environment asks for one that this machine does not have.
    """
    if _Choice.name is None:
        use(os.environ.get(VARIABLE) or sets()[0])
    assert _Choice.name is not None
    return _Choice.name


def state() -> str:
    """What `name` says and, where that is "off", why: "off (not built)", "off (ELMAN_NATIVE=off)".

    Raises:
        SettingError: as `name` does.
    """
    if name() != OFF:
        return name()
    return f"{OFF} ({_loaded()[1] or f'{VARIABLE}={OFF}'})"


def module() -> Any:
    """The core, or None where it is off."""
    return None if name() == OFF else _built()


def use(wanted: str) -> None:
    """Run on this instruction set from now on.

    Raises:
        SettingError: where the machine, or the build, does not have it.
    """
    if wanted not in sets():
        found = ", ".join(sets())
        raise SettingError(
            f"{wanted!r} is none of those that this machine and this build have: {found}",
            location=VARIABLE,
        )
    if wanted != OFF:
        _built().use(wanted)
    _Choice.name = wanted


@contextmanager
def using(wanted: str) -> Iterator[None]:
    """Within it, the core runs on this instruction set, or not at all."""
    before = name()
    use(wanted)
    try:
        yield
    finally:
        use(before)


_PRECISIONS = {torch.float32: "float32", torch.bfloat16: "bfloat16"}


def serves(product: torch.dtype, *exact: Tensor) -> bool:
    """Whether the core is there for products of this type beside these float32 tensors."""
    return (
        product in _PRECISIONS
        and all(each.dtype == torch.float32 and each.device.type == "cpu" for each in exact)
        and module() is not None
    )


def sequence_shape(cell: str, hs: Tensor, lengths: Tensor | None, places: Tensor | None) -> Any:
    """What the core's layers are told of hs (T, B, H).

    Args:
        places: (T, B) int64, where each step of each row stands in arrays without padding.
    """
    native = module()
    at = 0 if places is None else places.data_ptr()
    return native.sequence(getattr(native.Cell, cell), *_about(hs, lengths), at)


def diagonal_shape(hs: Tensor, lengths: Tensor | None) -> Any:
    """What the core's recurrence is told of hs (T, B, H)."""
    return module().diagonal(*_about(hs, lengths))


def row_shape(narrow: Tensor) -> Any:
    """What the core's passes are told of the rows of narrow vectors (..., W)."""
    native, width = module(), narrow.shape[-1]
    precision = getattr(native.Precision, _PRECISIONS[narrow.dtype])
    rows = narrow.numel() // width if width else 0
    return native.row_shape(precision, rows, width, torch.get_num_threads())


def _about(hs: Tensor, lengths: Tensor | None) -> tuple[Any, ...]:
    precision = getattr(module().Precision, _PRECISIONS[hs.dtype])
    at = 0 if lengths is None else lengths.data_ptr()
    return precision, *hs.shape, at, torch.get_num_threads()
