"""What `elman demo` trains and shows: one part a model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

WIDTH = 80  # columns that a terminal has


class DemoPart(NamedTuple):
    """One of the demo's models.

    Attributes:
        title: with the minutes before it.
        task: its name; files: what it is trained on; name: of the model's file.
        tell: shows what it can do.
        share: of the minutes.
        settings: of the model.
    """

    title: str
    task: str
    files: list[Path]
    name: str
    tell: Callable[[Any], None]
    share: float = 0.5
    settings: dict[str, Any] = {}  # noqa: RUF012  # nobody writes into it


def write_table(path: Path, *rows: Iterable[str]) -> None:
    """Write rows of cells that hold no tabs as a TSV file."""
    path.write_text("\n".join(map("\t".join, rows)) + "\n", encoding="utf-8")


def print_aligned(above: Sequence[str], below: Sequence[str]) -> None:
    """Words with something under each, in as many lines as it takes."""
    lines: list[list[str]] = [["  ", "  "]]
    for pair in zip(above, below, strict=True):
        cell = 2 + max(map(len, pair))
        if len(lines[-1][0]) + cell > WIDTH:
            lines.append(["  ", "  "])
        lines[-1] = [line + word.ljust(cell) for line, word in zip(lines[-1], pair, strict=True)]
    print("\n\n".join("\n".join(line.rstrip() for line in pair) for pair in lines))
