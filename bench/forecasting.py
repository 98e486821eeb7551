"""Scores of forecasters on eight series: `make bench-forecasting`.

Prints a table and records it in bench/results with date and machine. The last fifth of each series
is held out; the model trains on the values before it and forecasts from rolling origins in it. The
baseline is the best on these values of seasonal naive, AutoETS, AutoTheta and MSTL; the last three
are of the extra `forecast`. Run one series alone with `python bench/forecasting.py taylor`.

The data is read from $ELMAN_DATA, by default ../shared/data. The model finds horizon and seasonal
period itself, but for the settings named below.
"""

from __future__ import annotations

import statistics
import sys
import time
from typing import Any

import torch

from elman.metrics.report import Evaluation
from elman.tasks.forecasting.model import Forecaster
from elman.text.files import TextSource
from elman.text.series import SeriesSource
from tables import DATA, Row, bench_parser, check_data, check_rows, mean, publish, table

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
    parser = bench_parser(__doc__)
    parser.add_argument("rows", nargs="*", help=", ".join(SETTINGS))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    check_rows(parser, options.rows, SETTINGS)
    check_data()
    torch.set_num_threads(options.threads)
    rows: list[Row] = []
    ours, theirs, lost = [], [], []
    for name in options.rows or SETTINGS:
        reports = [evaluated(name, options.minutes, seed) for seed in range(options.seeds)]
        found, mase, baseline = _rows(name, reports)
        rows += found
        if mase > baseline:
            lost.append(name)
        ours.append(mase)
        theirs.append(baseline)
    ratio = statistics.mean(ours) / statistics.mean(theirs)
    rows.append(("mean MASE", f"{statistics.mean(ours):.3f}", f"{len(ours)} series"))
    how = f"model / baseline: {ratio:.2f}; the baseline is ahead on {', '.join(lost) or 'none'}"
    rows.append(("baseline", f"{statistics.mean(theirs):.3f}", how))
    publish("forecasting", table(rows), record=not options.no_record)


def evaluated(name: str, minutes: float, seed: int) -> Evaluation:
    """One training on the beginning, scored on the end."""
    model = Forecaster(minutes=minutes, seed=seed, **SETTINGS[name])
    series = SeriesSource(TextSource([DATA / f"series/{name}.csv"])).read()
    end = len(series.values) - len(series.values) // HELD_OUT
    begun = time.monotonic()
    model.fit(series._replace(values=series.values[:end], dates=series.dates[:end]))
    seconds = time.monotonic() - begun
    report = model.evaluate(series)
    print(
        f"{name} {seed}: {seconds:.0f} s, {model.network_.config}, {report.scores}, "
        f"{report.details['baselines']}, {report.details.get('alone')}, {report.interval}, "
        f"{model.record_['held_out']['scores']}, {model.describe().get('counts')}",
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
    named = (reports[0].baseline or {})["name"]
    alone = [
        mean(f"the {part} alone", [r.details["alone"][part]["MASE"] for r in reports], "{:.3f}")
        for part in reports[0].details.get("alone", {})
    ]
    held = ", ".join(
        f"{score.replace('_', ' ')} {statistics.mean(r.scores[score] for r in reports):.2f}"
        for score in ("coverage", "coverage_80")
    )
    rows = [
        mean(f"{name}, {horizon} ahead: MASE", mases, "{:.3f}"),
        *alone,
        ("baseline", f"{baseline:.3f}", f"{named}; difference of seed 0: {low:.3f} to {high:.3f}"),
        ("intervals", held, f"{reports[0].details['origins']} origins"),
    ]
    return rows, statistics.mean(mases), baseline


if __name__ == "__main__":
    main()
