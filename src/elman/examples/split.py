"""Split examples by the hash of a key: the same on every machine and in any order."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


Example = TypeVar("Example")


class Split(NamedTuple, Generic[Example]):
    """The training, validation and test sets."""

    train: list[Example]
    valid: list[Example]
    test: list[Example]


def hash_of(name: str) -> int:
    """The first 64 bits of the SHA-256 of a name."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")


def divide(examples: Iterable[Example], key: Callable[[Example], str]) -> Split[Example]:
    """Split examples about 8 : 1 : 1, each set in the given order.

    Args:
        examples: to split.
        key: of an example; examples with the same key are in the same set.
    """
    split: Split[Example] = Split([], [], [])
    for example in examples:
        tenth = hash_of(key(example)) % 10
        part = {0: split.test, 1: split.valid}.get(tenth, split.train)
        part.append(example)
    return split
