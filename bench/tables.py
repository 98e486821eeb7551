"""What all benches share: options, rows run alone or together, tables, and bench/results."""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import torch

from elman.metrics.report import Evaluation

RESULTS = Path(__file__).parent / "results"
DATA = Path(os.environ.get("ELMAN_DATA", "../shared/data"))

Row = tuple[str, str, str]  # what, figure, how it was measured


@dataclass(frozen=True)
class Bench:
    """A training and its scores: one row for each score.

    Args:
        minutes: training time, at most the budget of the data set.
        seeds: number of runs, with seeds 0, 1, 2...
        run: minutes and seed -> the report of one run.
        scores: the report's key of each score -> its name in the table.
        form: format string of a score.
    """

    minutes: float
    seeds: int
    run: Callable[[float, int], Evaluation]
    scores: dict[str, str] = field(default_factory=lambda: {"accuracy": "accuracy"})
    form: str = "{:.4f}"


def bench_parser(description: str | None) -> argparse.ArgumentParser:
    """The options that every bench has."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--no-record", action="store_true", help="leave bench/results as it is")
    return parser


def check_rows(
    parser: argparse.ArgumentParser, asked: Collection[str], known: Collection[str]
) -> None:
    """Refuse a row that the bench does not have."""
    unknown = set(asked) - set(known)
    if unknown:
        parser.error(f"there is no row {', '.join(sorted(unknown))}")


def run_benches(
    bench: str,
    description: str | None,
    benches: Mapping[str, Bench],
    others: Mapping[str, Callable[[], list[Row]]],
) -> None:
    """Run the rows named on the command line, or all.

    Args:
        bench: module name of the bench.
        description: text of --help.
        benches: rows that train, by name.
        others: rows without training, by name.
    """
    names = [*benches, *others]
    parser = bench_parser(description)
    parser.add_argument("rows", nargs="*", help=", ".join(names))
    parser.add_argument("--seeds", type=int, help="instead of each row's own number")
    parser.add_argument("--minutes", type=float, help="instead of each row's own budget")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    check_rows(parser, options.rows, names)
    check_data()
    torch.set_num_threads(options.threads)
    rows: list[Row] = []
    for name in options.rows or names:
        if name in others:
            rows += others[name]()
            continue
        setting = benches[name]
        minutes = options.minutes or setting.minutes
        seeds = range(options.seeds or setting.seeds)
        rows += _rows(name, setting, minutes, [_report(setting, minutes, seed) for seed in seeds])
    publish(bench, table(rows), record=not options.no_record)


def _report(bench: Bench, minutes: float, seed: int) -> Evaluation:
    report = bench.run(minutes, seed)
    print(seed, report.scores, report.baseline, report.interval, file=sys.stderr, flush=True)
    return report


def _rows(name: str, bench: Bench, minutes: float, reports: list[Evaluation]) -> list[Row]:
    baseline = reports[0].baseline or {}
    rows = []
    for score, title in bench.scores.items():
        values = [report.scores[score] for report in reports]
        rows.append(mean(f"{name}, {minutes:g} min: {title}", values, bench.form))
        if score in baseline:
            rows.append(("baseline", bench.form.format(baseline[score]), baseline["name"]))
    return rows


def seconds(work: Callable[[], object]) -> float:
    """Wall-clock time of one call."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def check_data() -> None:
    """Exit with one line if the data folder does not exist."""
    if not DATA.is_dir():
        sys.exit(f"{DATA}: no such folder. Set ELMAN_DATA to the folder of the data.")


def mean(what: str, values: Sequence[float], form: str) -> Row:
    """A row with the mean of the values and the values themselves."""
    each = ", ".join(form.format(value) for value in values)
    how = f"mean of {each}" if len(values) > 1 else "one seed"
    return what, form.format(statistics.mean(values)), how


def table(
    rows: Sequence[Sequence[str]], headings: Sequence[str] = ("what", "figure", "how")
) -> str:
    """A Markdown table."""
    lines = [f"| {' | '.join(headings)} |", "|---" * len(headings) + "|"]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join(lines)


def publish(bench: str, text: str, *, record: bool) -> None:
    """Print a bench's text, and record it in bench/results with date, command and machine.

    Args:
        bench: module name; the entry becomes the first in bench/results/BENCH.md.
        text: Markdown.
        record: False to print only.
    """
    print(text)
    if not record:
        return
    threads = torch.get_num_threads()
    command = " ".join(["python", f"bench/{bench}.py", *sys.argv[1:]])
    entry = (
        f"## {datetime.now(UTC):%Y-%m-%d}: `{command}`\n\n"
        f"{threads} thread{'s' if threads > 1 else ''}, {_machine()}\n\n{text}\n"
    )
    path = RESULTS / f"{bench}.md"
    head, found, rest = path.read_text(encoding="utf-8").partition("\n## ")
    older = f"\n## {rest}" if found else ""
    path.write_text(f"{head.rstrip()}\n\n{entry}{older}", encoding="utf-8")


def _machine() -> str:
    model = platform.processor() or platform.machine()
    if Path("/proc/cpuinfo").exists():
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
        model = named[0] if named else model
    return f"{model}, {os.cpu_count()} cores, torch {torch.__version__.partition('+')[0]}."
