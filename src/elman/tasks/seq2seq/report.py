"""How the scores of generated texts are printed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from elman.console.report import PrimaryScore, ReportFormat, labels, print_alone

if TYPE_CHECKING:
    from elman.metrics.report import Evaluation


def _print_details(report: Evaluation) -> None:
    """What the sources were worth, and how to compute the scores again."""
    details = report.details
    print_alone(details)
    print()
    shuffled = [
        f"{FORMAT.scores[name][0]} {details[f'shuffled_{name}']:.1f}"
        for name in report.scores
        if f"shuffled_{name}" in details
    ]
    if shuffled:
        print(f"With the sources shuffled: {', '.join(shuffled)}.")
    print(f"The answers are {details['length_ratio']:.0%} as long as what was to be written.")
    for name, signature in details["signatures"].items():
        print(f"sacreBLEU: {FORMAT.scores[name][0]}|{signature}")


FORMAT = ReportFormat(
    primary=(
        PrimaryScore(
            "word_error_rate",
            "{:.2%}",
            "{:.1f} points of word error rate",
            less=True,
            times=100,
        ),
        PrimaryScore("bleu", "{:.2f}", "{:.1f} BLEU"),
        PrimaryScore("chrf", "{:.2f}", "{:.1f} chrF"),
    ),
    print_details=_print_details,
    scores=labels("{:.1f}", bleu="BLEU", chrf="chrF")
    | labels("{:.1%}", exact_match="exact match")
    | labels("{:.2%}", token_error_rate="{tokens} error rate")
    | labels("{:.1%}", word_error_rate="word error rate"),
)
