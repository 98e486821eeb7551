"""The parts of `elman demo`: one model each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

WIDTH = 80  # columns of a terminal


class DemoPart(NamedTuple):
    """One model of the demo.

    Attributes:
        title: the heading, printed after the minutes.
        task: a key of `TASKS`.
        files: the training data.
        name: the name of the model file.
        show: prints examples of the trained model.
        fraction: of the training time, 0 to 1.
        settings: of the model, by name.
    """

    title: str
    task: str
    files: list[Path]
    name: str
    show: Callable[[Any], None]
    fraction: float = 0.5
    settings: dict[str, Any] = {}  # noqa: RUF012  # read only


def write_table(path: Path, *rows: Iterable[str]) -> None:
    """Write rows of cells that hold no tabs as a TSV file."""
    path.write_text("\n".join(map("\t".join, rows)) + "\n", encoding="utf-8")


def print_aligned(above: Sequence[str], below: Sequence[str]) -> None:
    """Print words with another word under each, wrapped to the width of a terminal."""
    lines: list[list[str]] = [["  ", "  "]]
    for pair in zip(above, below, strict=True):
        cell = 2 + max(map(len, pair))
        if len(lines[-1][0]) + cell > WIDTH:
            lines.append(["  ", "  "])
        lines[-1] = [line + word.ljust(cell) for line, word in zip(lines[-1], pair, strict=True)]
    print("\n\n".join("\n".join(line.rstrip() for line in pair) for pair in lines))
