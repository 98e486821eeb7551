"""Cached training examples, so that a baseline can be fitted on the data of a model."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from elman.data.cache import Cache


_FILE = "examples.jsonl"
_VECTORS = "vectors.npy"


def cache_examples(
    cache: Cache,
    content: str,
    examples: Sequence[Any],
    vectors: NDArray[np.float32] | None = None,
) -> None:
    """Store examples in the cache.

    Args:
        cache: where to store them.
        content: the hash of the examples, their key.
        examples: plain data, such as a text and its label.
        vectors: (N, D) one for each example; None: there are none.

    Raises:
        OutputError: the cache cannot be written.
    """

    def build(folder: Path) -> None:
        with (folder / _FILE).open("w", encoding="utf-8") as file:
            file.writelines(f"{json.dumps(example)}\n" for example in examples)
        if vectors is not None:
            np.save(folder / _VECTORS, vectors)

    cache.publish(_key(content), build, kind="examples", about={"examples": len(examples)})


def cached_examples(cache: Cache, content: str) -> list[Any] | None:
    """The examples with this content hash; None if they are no longer in the cache."""
    folder = cache.folder_of(_key(content))
    if folder is None:
        return None
    with (folder / _FILE).open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def cached_vectors(cache: Cache, content: str) -> tuple[NDArray[np.float32], list[Any]] | None:
    """The vectors and examples with this content hash; None if they are no longer in the cache."""
    folder = cache.folder_of(_key(content))
    examples = cached_examples(cache, content)
    if folder is None or examples is None:
        return None
    vectors: NDArray[np.float32] = np.load(folder / _VECTORS)
    return vectors, examples


def _key(content: str) -> str:
    return f"examples-{content}"
