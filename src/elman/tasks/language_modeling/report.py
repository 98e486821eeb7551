"""How the scores of a language model are printed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from elman.console.report import PrimaryScore, ReportFormat

if TYPE_CHECKING:
    from elman.metrics.report import Evaluation


KSR = "keystroke savings = (1 - (typed + selections) / keystrokes without help) * 100"


def _print_details(report: Evaluation) -> None:
    if "keystroke_savings" in report.scores:
        print(KSR)


FORMAT = ReportFormat(
    primary=(PrimaryScore("nats_per_token", "{:.4f}", "{:.3f} nats per {token}", less=True),),
    print_details=_print_details,
    scores={
        "nats_per_token": ("nats per {token}", "{:.4f}"),
        "nats_per_token_fresh": ("  on fresh blocks of 64", "{:.4f}"),
        "bits_per_character": ("bits per character", "{:.4f}"),
        "perplexity": ("perplexity per word", "{:,.1f}"),
        "top1": ("next word, first", "{:.1%}"),
        "top3": ("next word, among three", "{:.1%}"),
        "keystroke_savings": ("keystroke savings", "{:.1%}"),
    },
)
