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

from elman.cells import Cell
from elman.errors import SettingError
from elman.kernels.pointwise import product_type

VARIABLE = "ELMAN_NATIVE"
OFF = "off"


@cache
def _built() -> Any:
    """The extension module; None where it was not built."""
    try:
        return importlib.import_module("elman.kernels._core")
    except ImportError:
        return None


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
            place=VARIABLE,
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


def serves(cell: Cell, xs: Tensor) -> bool:
    """Whether the core is there for weights and products of these types, on this device."""
    return (
        xs.device.type == "cpu"
        and next(cell.parameters()).dtype == torch.float32
        and product_type(xs) in _PRECISIONS
        and module() is not None
    )


def sequence_shape(cell: str, xs: Tensor, units: int, lengths: Tensor | None) -> Any:
    """What the core's layers are told of xs (T, B, D)."""
    native = module()
    return native.sequence(getattr(native.Cell, cell), *_about(xs, units, lengths))


def diagonal_shape(hs: Tensor, lengths: Tensor | None) -> Any:
    """What the core's recurrence is told of hs (T, B, H)."""
    return module().diagonal(*_about(hs, hs.shape[2], lengths))


def _about(xs: Tensor, units: int, lengths: Tensor | None) -> tuple[Any, ...]:
    precision = getattr(module().Precision, _PRECISIONS[xs.dtype])
    at = 0 if lengths is None else lengths.data_ptr()
    return precision, len(xs), xs.shape[1], units, at, torch.get_num_threads()
