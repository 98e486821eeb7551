"""How the scores of a language model are printed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from elman.console.report import PrimaryScore, ReportFormat, labels

if TYPE_CHECKING:
    from elman.metrics.report import Evaluation


KSR = "keystroke savings = (1 - (typed + selections) / keystrokes without help) * 100"


def _print_details(report: Evaluation) -> None:
    alone = report.details.get("alone")
    if alone is not None:
        parts = ", ".join(f"the {name} alone {value:.4f}" for name, value in alone.items())
        print(f"nats per {report.details['token']}: {parts}")
    if "keystroke_savings" in report.scores:
        print(KSR)


FORMAT = ReportFormat(
    primary=(PrimaryScore("nats_per_token", "{:.4f}", "{:.3f} nats per {token}", less=True),),
    print_details=_print_details,
    scores=labels("{:.4f}", nats_per_token="nats per {token}")
    | labels("{:.4f}", nats_per_token_fresh="  on fresh blocks of 64")
    | labels("{:.4f}", bits_per_character="bits per character")
    | labels("{:,.1f}", perplexity="perplexity per word")
    | labels("{:,.1f}", perplexity_with_line_ends="  with line ends as words")
    | labels("{:.1%}", top1="next word, first", top3="next word, among three")
    | labels("{:.1%}", keystroke_savings="keystroke savings"),
)
