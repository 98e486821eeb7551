"""What all benches share: a table of figures, and where it is written down."""

from __future__ import annotations

import os
import platform
import statistics
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import torch

LOG = Path(__file__).parent.parent / "docs" / "log.md"
DATA = Path(os.environ.get("ELMAN_DATA", "../shared/data"))

Row = tuple[str, str, str]  # what, figure, how it was taken


def check_data() -> None:
    """Leave with a word where the data is not."""
    if not DATA.is_dir():
        sys.exit(f"{DATA}: the data is not here. Set ELMAN_DATA to its folder.")


def mean(what: str, values: Sequence[float], form: str) -> Row:
    """The mean, and what it is the mean of."""
    each = ", ".join(form.format(value) for value in values)
    how = f"mean of {each}" if len(values) > 1 else "one seed"
    return what, form.format(statistics.mean(values)), how


def table(rows: list[Row]) -> str:
    """In Markdown."""
    lines = ["| what | figure | how |", "|---|---|---|"]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join(lines)


def append(text: str, command: str) -> None:
    """Write a table into the log, under the date and the command that made it."""
    now = datetime.now(UTC)
    threads = torch.get_num_threads()
    how = f"{threads} thread{'s' if threads > 1 else ''}, {_machine()}"
    with LOG.open("a", encoding="utf-8") as log:
        log.write(f"\n## {now:%Y-%m-%d}: `{command}`\n\n{how}\n\n{text}\n")


def _machine() -> str:
    model = platform.processor() or platform.machine()
    if Path("/proc/cpuinfo").exists():
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
        model = named[0] if named else model
    return f"{model}, {os.cpu_count()} cores, torch {torch.__version__.partition('+')[0]}."
