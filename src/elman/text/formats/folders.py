"""Folders whose files are the parts of one table: Hugging Face's datasets, shards of Parquet."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from elman.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


_SHARDS = (".parquet", ".feather", ".arrow")
_ABOUT = re.compile(r"readme|license|licence|changelog|\.gitattributes", re.IGNORECASE)
SPLITS = ("train", "training", "test", "validation", "valid", "val", "dev", "eval")
"""What folders and files of a part of a data set are called."""
_SPLIT = re.compile(rf"(?<![a-z])({'|'.join(SPLITS)})(?![a-z])")
_SAME = {"training": "train", "valid": "validation", "val": "validation", "dev": "validation"}


def table_parts(folder: Path, visible: Sequence[Path]) -> list[Path] | None:
    """The files of a table in a folder, in their order; None where it holds something else.

    Args:
        folder: the folder.
        visible: the files in it and in the folders in it, sorted.

    Raises:
        InputError: it holds several splits, of which one has to be named, or is damaged.
    """
    if (folder / "dataset_dict.json").is_file():
        splits = sorted(path.parent for path in visible if path.name == "state.json")
        names = ", ".join(path.name for path in splits)
        raise InputError(
            f"it is a dataset with the splits {names or '(none)'}",
            location=str(folder),
            hint=f"Name one: {_first(splits) or folder}, and another with --valid",
        )
    if (folder / "dataset_info.json").is_file() and (folder / "state.json").is_file():
        return _saved_parts(folder)
    shards = [path for path in visible if path.suffix.lower() in _SHARDS]
    texts = [path for path in visible if path.suffix.lower() in (".txt", ".text", ".md", ".rst")]
    if not shards or any(not _ABOUT.match(path.name) for path in texts):
        return None
    by_split: dict[str, list[Path]] = {}
    for path in shards:
        found = _SPLIT.findall(str(path.relative_to(folder)).lower())
        name = found[-1] if found else ""
        by_split.setdefault(_SAME.get(name, name), []).append(path)
    if len(by_split) > 1:
        names = ", ".join(name or "others" for name in by_split)
        first = by_split.get("train") or shards
        raise InputError(
            f"it holds tables of the splits {names}",
            location=str(folder),
            hint=f"Name the files of one, such as {first[0]}, and of another with --valid",
        )
    return shards


def _first(paths: Sequence[Path]) -> Path | None:
    """The training split, else the first."""
    return next((path for path in paths if path.name == "train"), next(iter(paths), None))


def _saved_parts(folder: Path) -> list[Path]:
    """The files of a dataset that `save_to_disk` wrote, in its order."""
    try:
        state = json.loads((folder / "state.json").read_text(encoding="utf-8"))
        names = [each["filename"] for each in state["_data_files"]]
        parts = [folder / name for name in names if isinstance(name, str) and "/" not in name]
        if names and len(parts) == len(names) and all(path.is_file() for path in parts):
            return parts
        cause = "it names no files that are there"
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        cause = f"{type(error).__name__}: {error}"
    raise InputError(
        f"not the state of a dataset ({cause[:80]})",
        location=str(folder / "state.json"),
        hint="Write the dataset again: dataset.save_to_disk(folder)",
    )
