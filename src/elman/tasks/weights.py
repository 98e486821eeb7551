"""Load the network and the training record of a model file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from elman.bundle import Bundle, layout_of
from elman.errors import SettingError
from elman.nn.int8 import is_int8, unpacked

Network = TypeVar("Network", bound=nn.Module)


class StoredArrays(nn.Module):
    """Arrays of a model file beside the weights of its network, as parameters without gradients.

    Args:
        arrays: of the expected types and shapes, by name.
    """

    def __init__(self, arrays: dict[str, Tensor]) -> None:
        super().__init__()
        for name, part in arrays.items():
            self.register_parameter(name, nn.Parameter(part, requires_grad=False))

    @property
    def arrays(self) -> dict[str, Tensor]:
        """The arrays, by name."""
        return {name: part.detach() for name, part in self.named_parameters()}


Stored = TypeVar("Stored", bound=StoredArrays)


def attach(network: Network, stored: StoredArrays) -> Network:
    """Give a network a part `counts` for the arrays of a model file."""
    network.counts = stored
    return network


def detach(network: nn.Module, kind: type[Stored]) -> Stored | None:
    """Take the arrays of `attach` out of a network; None if it has none."""
    stored = getattr(network, "counts", None)
    if not isinstance(stored, kind):
        return None
    del network.counts
    return stored


def load_network(bundle: Bundle, build: Callable[[], Network]) -> Network:
    """Load a network from a file with float32 or int8 weights, in evaluation mode.

    Args:
        bundle: the model file.
        build: makes the network. It is called first on the meta device, without memory, to check
            the tensors of the file before they are read.

    Raises:
        ModelFileError: the tensors do not match the network, or hold what is not a number.
    """
    try:
        with torch.device("meta"):
            expected = layout_of(dict(build().named_parameters()))
    except SettingError as error:  # values that are valid one by one, but not together
        bundle.refuse(str(error))
    tensors = unpacked(bundle, expected) if is_int8(bundle) else bundle.tensors(expected)
    for name, tensor in tensors.items():
        if tensor.is_floating_point() and not bool(tensor.isfinite().all()):
            bundle.refuse(f"its tensor {name!r} holds what is not a number")
    network = build().eval()
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            parameter.copy_(tensors[name])
    return network


def record_of(bundle: Bundle) -> dict[str, Any]:
    """The training record of a model file.

    Raises:
        ModelFileError: it is missing.
    """
    record = bundle.about.get("training")
    if not isinstance(record, dict):
        bundle.refuse("it has no record of its training")
    return record
