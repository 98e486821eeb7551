"""How the scores of a language model are printed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from elman.console.report import print_scores, print_warnings, verdict

if TYPE_CHECKING:
    from elman.console.report import ScoreLabels
    from elman.metrics.report import Evaluation
    from elman.text.tokenizers.tokenizer import Tokenizer


PRIMARY_SCORES: ScoreLabels = {"nats_per_token": ("nats per token", "{:.4f}")}


_LANGUAGE = {
    "nats_per_token": ("nats per {tokenizer}", "{:.4f}"),
    "nats_per_token_fresh": ("  on fresh blocks of 64", "{:.4f}"),
    "bits_per_character": ("bits per character", "{:.4f}"),
    "perplexity": ("perplexity per word", "{:,.1f}"),
    "top1": ("next word, first", "{:.1%}"),
    "top3": ("next word, among three", "{:.1%}"),
    "keystroke_savings": ("keystroke savings", "{:.1%}"),
}
KSR = "keystroke savings = (1 - (typed + selections) / keystrokes without help) * 100"


def print_language_report(report: Evaluation, tokenizer: Tokenizer) -> None:
    """The table on stdout, warnings on stderr."""
    labels = {
        name: (said.format(tokenizer=tokenizer.name), form)
        for name, (said, form) in _LANGUAGE.items()
    }
    print_scores(report, labels)
    if "keystroke_savings" in report.scores:
        print(KSR)
    if report.baseline is not None:
        print(f"baseline: {report.baseline['name']}")
        print(verdict(report, "nats_per_token", f"{{:.3f}} nats per {tokenizer.name}", less=True))
    print_warnings(report)
