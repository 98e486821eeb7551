"""What all benches share: rows to be run alone or together, a table of their figures, and where it
is written down."""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import torch

from elman.metrics.report import Evaluation

LOG = Path(__file__).parent.parent / "docs" / "log.md"
DATA = Path(os.environ.get("ELMAN_DATA", "../shared/data"))

Row = tuple[str, str, str]  # what, figure, how it was taken


@dataclass(frozen=True)
class Bench:
    """A row.

    Args:
        minutes: of training, at most what the set's budget is.
        seeds: how many runs, the seeds from 0 on.
        run: minutes and seed -> the report of one run.
        scores: of the report, each with what it is called in the table.
        form: of a score.
    """

    minutes: float
    seeds: int
    run: Callable[[float, int], Evaluation]
    scores: dict[str, str] = field(default_factory=lambda: {"accuracy": "accuracy"})
    form: str = "{:.4f}"


def run_benches(
    script: str,
    description: str | None,
    benches: Mapping[str, Bench],
    others: Mapping[str, Callable[[], list[Row]]],
) -> None:
    """What a bench does when it is called: the rows that were asked for, or all.

    Args:
        script: its name; description: of what it does.
        others: rows that are no training.
    """
    names = [*benches, *others]
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("rows", nargs="*", help=", ".join(names))
    parser.add_argument("--seeds", type=int, help="instead of each row's own number")
    parser.add_argument("--minutes", type=float, help="instead of each row's own budget")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--no-log", action="store_true", help="leave docs/log.md alone")
    options = parser.parse_args()
    unknown = set(options.rows) - set(names)
    if unknown:
        parser.error(f"there is no row {', '.join(sorted(unknown))}")
    check_data()
    torch.set_num_threads(options.threads)
    rows: list[Row] = []
    for name in options.rows or names:
        if name in others:
            rows += others[name]()
            continue
        bench = benches[name]
        minutes = options.minutes or bench.minutes
        seeds = range(options.seeds or bench.seeds)
        rows += _rows(name, bench, minutes, [_told(bench, minutes, seed) for seed in seeds])
    text = table(rows)
    print(text)
    if not options.no_log:
        append(text, " ".join([f"python bench/{script}", *sys.argv[1:]]))


def _told(bench: Bench, minutes: float, seed: int) -> Evaluation:
    report = bench.run(minutes, seed)
    print(seed, report.scores, report.baseline, report.interval, file=sys.stderr, flush=True)
    return report


def _rows(name: str, bench: Bench, minutes: float, reports: list[Evaluation]) -> list[Row]:
    baseline = reports[0].baseline or {}
    rows = []
    for score, said in bench.scores.items():
        values = [report.scores[score] for report in reports]
        rows.append(mean(f"{name}, {minutes:g} min: {said}", values, bench.form))
        if score in baseline:
            rows.append(("its baseline", bench.form.format(baseline[score]), baseline["name"]))
    return rows


def seconds(work: Callable[[], object]) -> float:
    """That some work takes."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def check_data() -> None:
    """Leave with a word where the data is not."""
    if not DATA.is_dir():
        sys.exit(f"{DATA}: the data is not here. Set ELMAN_DATA to its folder.")


def mean(what: str, values: Sequence[float], form: str) -> Row:
    """The mean, and what it is the mean of."""
    each = ", ".join(form.format(value) for value in values)
    how = f"mean of {each}" if len(values) > 1 else "one seed"
    return what, form.format(statistics.mean(values)), how


def table(
    rows: Sequence[Sequence[str]], headings: Sequence[str] = ("what", "figure", "how")
) -> str:
    """In Markdown."""
    lines = [f"| {' | '.join(headings)} |", "|---" * len(headings) + "|"]
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
