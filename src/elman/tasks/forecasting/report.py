"""How the scores of a forecaster are printed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from elman.console.report import ROWS, print_scores, print_warnings, verdict
from elman.console.terminal import counted, print_table

if TYPE_CHECKING:
    from elman.console.report import ScoreLabels
    from elman.metrics.report import Evaluation


PRIMARY_SCORES: ScoreLabels = {"mase": ("MASE", "{:.4f}")}


_FORECASTING = {
    "mase": ("MASE", "{:.3f}"),
    "coverage": ("coverage of the 95 % interval", "{:.1%}"),
    "coverage_80": ("coverage of the 80 % interval", "{:.1%}"),
}


def print_forecast_report(report: Evaluation) -> None:
    """Scores, and each series' own where there are several; warnings on stderr."""
    print_scores(report, _FORECASTING)
    details = report.details
    origins = counted(details["origins"], "origin", "origins")
    print(f"{origins}, {counted(details['horizon'], 'step', 'steps')} ahead from each")
    if report.baseline is not None:
        print(f"baseline: {report.baseline['name']}")
        print(verdict(report, "mase", "{:.3f} of MASE", less=True))
    if len(details["series"]) > 1:
        rows = [["series", "MASE", "baseline"]]
        rows += [
            [each["series"], f"{each['mase']:.3f}", f"{each['baseline_mase']:.3f}"]
            for each in details["series"][:ROWS]
        ]
        print()
        print_table(rows)
        if len(details["series"]) > ROWS:
            print(f"... and {len(details['series']) - ROWS} more: --json shows all")
    print_warnings(report)
