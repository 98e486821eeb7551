"""Load the network, the arrays beside it, and the training record of a model file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn

from elman.bundle import Array, Bundle, Layout
from elman.errors import SettingError
from elman.nn.int8 import is_int8, unpacked


class Stored(NamedTuple):
    """What the arrays of a model file must be.

    Args:
        build: makes the network. It is called first on the meta device, without memory, to learn
            the types and shapes of the weights.
        beside: the arrays beside the weights.
        prefix: of the names of the weights.
    """

    build: Callable[[], nn.Module]
    beside: Layout = {}  # noqa: RUF012 - read only
    prefix: str = ""


def weights_of(network: nn.Module, prefix: str = "") -> dict[str, Array]:
    """The weights of a network as arrays, by name."""
    return {
        f"{prefix}{name}": weight.numpy(force=True) for name, weight in network.named_parameters()
    }


def prefixed(prefix: str, layout: Mapping[str, tuple[Any, tuple[int, ...]]]) -> Layout:
    """A layout with a prefix to each name; types may be numpy's scalar types."""
    return {f"{prefix}{name}": (np.dtype(kind), shape) for name, (kind, shape) in layout.items()}


def load_network(bundle: Bundle, stored: Stored) -> tuple[Any, dict[str, Array]]:
    """Load a model from a file with float32 or int8 weights.

    Args:
        bundle: the model file.
        stored: what it must hold.

    Returns:
        The network, in evaluation mode, and the arrays beside its weights.

    Raises:
        ModelFileError: the file holds other arrays, or what is not a number.
    """
    try:
        with torch.device("meta"):
            weights = {
                name: (np.dtype(str(weight.dtype).removeprefix("torch.")), tuple(weight.shape))
                for name, weight in stored.build().named_parameters()
            }
    except SettingError as error:  # values that are valid one by one, but not together
        bundle.refuse(str(error))
    expected = {**prefixed(stored.prefix, weights), **stored.beside}
    arrays = unpacked(bundle, expected) if is_int8(bundle) else bundle.arrays(expected)
    for name, array in arrays.items():
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            bundle.refuse(f"its tensor {name!r} holds what is not a number")
    network = stored.build().eval()
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            parameter.copy_(torch.from_numpy(arrays[f"{stored.prefix}{name}"]))
    return network, {name: arrays[name] for name in stored.beside}


def record_of(bundle: Bundle) -> dict[str, Any]:
    """The training record of a model file.

    Raises:
        ModelFileError: it is missing.
    """
    record = bundle.about.get("training")
    if not isinstance(record, dict):
        bundle.refuse("it has no record of its training")
    return record
