"""From a model's file to its network and its record, once the rest of the file has been checked."""

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
    """The network with the file's weights, of 8 bits or not, in its mode for answers.

    Args:
        build: makes it, with weights of any kind. It is called twice: on the meta device a network
            has shapes but no memory, so the file is compared with it before anything is taken.

    Raises:
        ModelFileError: where the file's tensors are not those of such a network.
    """
    try:
        with torch.device("meta"):
            expected = layout_of(dict(build().named_parameters()))
    except SettingError as error:  # parts that are sound, but not together
        bundle.refuse(str(error))
    tensors = unpacked(bundle, expected) if is_int8(bundle) else bundle.tensors(expected)
    network = build().eval()
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            parameter.copy_(tensors[name])
    return network


def record_of(bundle: Bundle) -> dict[str, Any]:
    """How the model was trained.

    Raises:
        ModelFileError: where the file does not say.
    """
    record = bundle.about.get("training")
    if not isinstance(record, dict):
        bundle.refuse("it has no record of its training")
    return record
