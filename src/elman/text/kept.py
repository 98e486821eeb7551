"""Examples kept in the cache, so that a baseline can learn from what a model has learned from."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from elman.text.cache import Cache

_FILE = "examples.jsonl"


def keep(cache: Cache, content: str, examples: Sequence[Any]) -> None:
    """Keep examples (plain data, such as a text and its label) under the hash of their content.

    Raises:
        OutputError: the cache cannot be written.
    """

    def build(folder: Path) -> None:
        with (folder / _FILE).open("w", encoding="utf-8") as file:
            file.writelines(f"{json.dumps(example)}\n" for example in examples)

    cache.publish(_key(content), build, kind="examples", about={"examples": len(examples)})


def kept(cache: Cache, content: str) -> list[Any] | None:
    """The examples of that content, or None where the cache has lost them."""
    folder = cache.folder_of(_key(content))
    if folder is None:
        return None
    with (folder / _FILE).open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def _key(content: str) -> str:
    return f"examples-{content}"
