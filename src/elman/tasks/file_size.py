"""How a model is divided so that its file has a given size: network, counts, vocabulary.

A network whose int8 weights are too large for its share loses ensemble members first, then hash
buckets, then hidden size. The counts have the rest. Where float32 weights do not fit, the model is
rounded to int8 after its training.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

import numpy as np
import torch
from torch import nn

from elman.errors import SettingError
from elman.nn.int8 import has_int8
from elman.ranges import bytes_of
from elman.tasks.settings import NetworkSettings
from elman.text.subword_hashing import MIN_BUCKETS
from elman.training.eval_mode import seeded

NETWORK_SHARE = 0.5
"""Of the bytes beside the vocabulary, where there are counts too."""

SCORES = 4_000
"""Bytes of the scores that are added to a model file at last, at most."""

RECORD = 8_000
"""Bytes of scores, settings and the names of tensors in a file's header, at most."""

FEWEST_BUCKETS = 8
"""The most times that the buckets are divided before the network gets narrower."""

NARROWER = 0.8
NARROWEST = 8

Settings = TypeVar("Settings", bound=NetworkSettings)


@dataclass(frozen=True)
class Shape(Generic[Settings]):
    """What the size of a network depends on.

    Args:
        settings: with the hidden size.
        buckets: of the n-grams of a vocabulary of words; 0 for other vocabularies.
        members: of an ensemble.
    """

    settings: Settings
    buckets: int = 0
    members: int = 1

    def smaller(self, hidden_size: int) -> Iterator[Shape[Settings]]:
        """Itself, then smaller and smaller ones.

        Args:
            hidden_size: of the settings, or where they leave the choice, of the recipe.
        """
        for members in range(self.members, 0, -1):
            shape = replace(self, members=members)
            yield shape
        fewest = max(MIN_BUCKETS, self.buckets // FEWEST_BUCKETS)
        while shape.buckets > fewest:
            shape = replace(shape, buckets=shape.buckets // 2)
            yield shape
        if self.settings.hidden_size is not None:
            return
        while hidden_size > NARROWEST:
            hidden_size = max(NARROWEST, int(hidden_size * NARROWER) // 8 * 8)
            shape = replace(shape, settings=replace(self.settings, hidden_size=hidden_size))
            yield shape


@dataclass(frozen=True)
class Division(Generic[Settings]):
    """A model of a size.

    Args:
        shape: of the network.
        counts: bytes that the counts have, at most.
    """

    shape: Shape[Settings]
    counts: int


def divided(
    shape: Shape[Settings],
    hidden_size: int,
    build: Callable[[Shape[Settings]], nn.Module],
    *,
    vocabulary: Any,
    others: int = 0,
) -> Division[Settings]:
    """Divide the size that the settings ask for; without one, the counts have as many bytes as the
    network.

    Args:
        shape: of the usual network.
        hidden_size: its hidden size.
        build: makes a network of a shape; it is called on the meta device, without memory.
        vocabulary: the plain data of a model file that does not depend on the shape.
        others: bytes of what else the file holds (default 0).

    Raises:
        SettingError: the size is too small for the vocabulary, or for the smallest network.
    """
    size = shape.settings.size
    if size is None:
        usual = replace(shape, settings=shape.settings.with_network())
        return Division(shape, network_bytes(build, usual, int8=False))
    # A file holds JSON within JSON.
    needed = len(json.dumps(json.dumps(vocabulary, ensure_ascii=False)).encode()) + RECORD
    needed += others
    room = (bytes_of(size) or 0) - needed
    both = shape.settings.has_counts and shape.settings.has_network
    share = NETWORK_SHARE if both else 1.0
    smallest = 0
    for each in shape.smaller(hidden_size):
        for int8 in (False, True):
            smallest = network_bytes(build, each, int8=int8)
            if smallest <= share * room:
                return Division(each, room - smallest)
    raise SettingError(
        f"{size} is too small for this vocabulary and network",
        location="size",
        hint=f"It takes at least {math.ceil((needed + smallest / share) / 1000)}kB.",
    )


def network_bytes(
    build: Callable[[Shape[Settings]], nn.Module], shape: Shape[Settings], *, int8: bool
) -> int:
    """The bytes of a network's weights in a model file."""
    with torch.device("meta"):
        network = build(shape)
    total = 0
    for weight in network.parameters():
        quantized = int8 and has_int8(np.dtype(np.float32), tuple(weight.shape))
        total += weight.numel() + 4 * len(weight) if quantized else 4 * weight.numel()
    return total


def built_network(build: Callable[[Shape[Settings]], nn.Module], shape: Shape[Settings]) -> Any:
    """A new network; where there are counts only, one whose weights are all 0: every class, tag or
    token is then as probable to it as any other."""
    with seeded(shape.settings.seed):
        network = build(shape)
    if not shape.settings.has_network:
        with torch.no_grad():
            for weight in network.parameters():
                weight.zero_()
    return network
