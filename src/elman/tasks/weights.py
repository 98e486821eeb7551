"""Load the network and the training record of a model file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import torch
from torch import nn

from elman.bundle import Bundle, layout_of
from elman.errors import SettingError
from elman.nn.int8 import is_int8, unpacked

Network = TypeVar("Network", bound=nn.Module)


def load_network(bundle: Bundle, build: Callable[[], Network]) -> Network:
    """Load a network from a file with float32 or int8 weights, in evaluation mode.

    Args:
        bundle: the model file.
        build: makes the network. It is called first on the meta device, without memory, to check
            the tensors of the file before they are read.

    Raises:
        ModelFileError: the tensors do not match the network.
    """
    try:
        with torch.device("meta"):
            expected = layout_of(dict(build().named_parameters()))
    except SettingError as error:  # values that are valid one by one, but not together
        bundle.refuse(str(error))
    tensors = unpacked(bundle, expected) if is_int8(bundle) else bundle.tensors(expected)
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
