"""Examples in three parts, by the hash of a name: the same on every machine and in any order."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


Example = TypeVar("Example")


class Split(NamedTuple, Generic[Example]):
    """To learn from, to choose with, and to score on."""

    train: list[Example]
    valid: list[Example]
    test: list[Example]


def hash_of(name: str) -> int:
    """64 bits that look drawn by lot, and are the name's for ever."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")


def divide(examples: Iterable[Example], key: Callable[[Example], str]) -> Split[Example]:
    """About 8 : 1 : 1, each part in the order given; what has the same key is in one part."""
    split: Split[Example] = Split([], [], [])
    for example in examples:
        tenth = hash_of(key(example)) % 10
        part = {0: split.test, 1: split.valid}.get(tenth, split.train)
        part.append(example)
    return split
