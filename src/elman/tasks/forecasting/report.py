"""How the scores of a forecaster are printed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from elman.console.report import ROWS, PrimaryScore, ReportFormat, labels, print_alone
from elman.console.terminal import counted, print_table
from elman.tasks.forecasting.baseline import left_out

if TYPE_CHECKING:
    from elman.metrics.report import Evaluation


def _print_details(report: Evaluation) -> None:
    """The backtest, and each series' score where there are several."""
    details = report.details
    origins = counted(details["origins"], "origin", "origins")
    print(f"{origins}, {counted(details['horizon'], 'step', 'steps')} ahead from each")
    others = (f"{name} {mase:.3f}" for name, mase in details["baselines"].items())
    print(f"baselines, of which the best is chosen on these values: {', '.join(others)}")
    print_alone(details)
    for line in left_out(tuple(details["baselines"])):
        print(line)
    series = details["series"]
    if len(series) == 1:
        return
    rows = [
        [each["series"], f"{each['mase']:.3f}", f"{each['baseline_mase']:.3f}"]
        for each in series[:ROWS]
    ]
    print()
    print_table([["series", "MASE", "baseline"], *rows])
    if len(series) > ROWS:
        print(f"... and {len(series) - ROWS} more: --json shows all")


FORMAT = ReportFormat(
    primary=(PrimaryScore("mase", "{:.4f}", "{:.3f} of MASE", less=True),),
    print_details=_print_details,
    scores=labels("{:.3f}", mase="MASE")
    | labels("{:.1%}", coverage="coverage of the 95 % interval")
    | labels("{:.1%}", coverage_80="coverage of the 80 % interval"),
)
