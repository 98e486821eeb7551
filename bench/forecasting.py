"""The forecaster's figures on eight series: `python bench/forecasting.py`.

Prints a table and appends it to docs/log.md with the date and the machine. Each series has its end
held out; the model learns from the values before it, and forecasts from rolling origins in it. A
series alone: `python bench/forecasting.py taylor`.

The data is read from $ELMAN_DATA, by default ../shared/data. The horizon and the season are what
the model finds, but for those named below.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from typing import Any

import torch

from elman.metrics.report import Evaluation
from elman.tasks.forecasting.model import Forecaster
from elman.text.files import TextSource
from elman.text.series import SeriesSource
from tables import DATA, Row, append, check_data, mean, table

SETTINGS: dict[str, dict[str, Any]] = {
    "AirPassengers": {},
    "ausbeer": {},
    "exchange_rate": {},
    "monthly-milk": {},
    "monthly-sunspots": {},
    "taylor": {},
    "temps": {"horizon": 30},
    "wineind": {},
}
HELD_OUT = 5  # a fifth of the values


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", nargs="*", help=", ".join(SETTINGS))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--no-log", action="store_true", help="leave docs/log.md alone")
    options = parser.parse_args()
    unknown = set(options.rows) - set(SETTINGS)
    if unknown:
        parser.error(f"there is no row {', '.join(sorted(unknown))}")
    check_data()
    torch.set_num_threads(options.threads)
    rows: list[Row] = []
    ours, theirs = [], []
    for name in options.rows or SETTINGS:
        reports = [_report(name, options.minutes, seed) for seed in range(options.seeds)]
        found, mase, baseline = _rows(name, reports)
        rows += found
        ours.append(mase)
        theirs.append(baseline)
    ratio = statistics.mean(ours) / statistics.mean(theirs)
    rows.append(("mean MASE", f"{statistics.mean(ours):.3f}", f"{len(ours)} series"))
    how = f"the network's is {ratio:.2f} of it"
    rows.append(("its baseline", f"{statistics.mean(theirs):.3f}", how))
    text = table(rows)
    print(text)
    if not options.no_log:
        append(text, " ".join(["python bench/forecasting.py", *sys.argv[1:]]))


def _report(name: str, minutes: float, seed: int) -> Evaluation:
    """One training on the beginning, scored on the end."""
    model = Forecaster(minutes=minutes, seed=seed, **SETTINGS[name])
    series = SeriesSource(TextSource([DATA / f"series/{name}.csv"])).read()
    end = len(series.values) - len(series.values) // HELD_OUT
    begun = time.monotonic()
    model.fit(series.until_step(end))
    seconds = time.monotonic() - begun
    report = model.evaluate(series)
    print(
        f"{name} {seed}: {seconds:.0f} s, {model.network_.config}, {report.scores}, "
        f"{report.baseline}, {report.interval}, {model.record_['held_out']['scores']}",
        file=sys.stderr,
        flush=True,
    )
    return report


def _rows(name: str, reports: list[Evaluation]) -> tuple[list[Row], float, float]:
    """The rows of a series, its mean MASE, and the baseline's."""
    mases = [report.scores["mase"] for report in reports]
    horizon = reports[0].details["horizon"]
    baseline = (reports[0].baseline or {})["mase"]
    low, high = reports[0].interval["mase"]
    held = ", ".join(
        f"{score.replace('_', ' ')} {statistics.mean(r.scores[score] for r in reports):.2f}"
        for score in ("coverage", "coverage_80")
    )
    rows = [
        mean(f"{name}, {horizon} ahead: MASE", mases, "{:.3f}"),
        ("its baseline", f"{baseline:.3f}", f"difference of seed 0: {low:.3f} to {high:.3f}"),
        ("its intervals", held, f"{reports[0].details['origins']} origins"),
    ]
    return rows, statistics.mean(mases), baseline


if __name__ == "__main__":
    main()
