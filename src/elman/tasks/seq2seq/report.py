"""How the scores of generated texts are printed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from elman.console.report import print_scores, print_warnings, verdict

if TYPE_CHECKING:
    from elman.console.report import ScoreLabels
    from elman.metrics.report import Evaluation


PRIMARY_SCORES: ScoreLabels = {
    "word_error_rate": ("word error rate", "{:.2%}"),
    "bleu": ("BLEU", "{:.2f}"),
    "chrf": ("chrF", "{:.2f}"),
}


_REWRITING = {
    "bleu": ("BLEU", "{:.1f}"),
    "chrf": ("chrF", "{:.1f}"),
    "exact_match": ("exact match", "{:.1%}"),
    "token_error_rate": ("{token} error rate", "{:.2%}"),
    "word_error_rate": ("word error rate", "{:.1%}"),
}


def print_rewrite_report(report: Evaluation) -> None:
    """Scores, how to compute them again, and what the sources were worth; warnings on stderr."""
    details = report.details
    token = details.get("tokens", "")
    labels = {name: (said.format(token=token), form) for name, (said, form) in _REWRITING.items()}
    print_scores(report, labels)
    if report.baseline is not None:
        print(f"baseline: {report.baseline['name']}")
        if "word_error_rate" in report.scores:
            form = "{:.1f} points of word error rate"
            print(verdict(report, "word_error_rate", form, less=True, times=100))
        else:
            name, form = (
                ("bleu", "{:.1f} BLEU") if "bleu" in report.scores else ("chrf", "{:.1f} chrF")
            )
            print(verdict(report, name, form))
    print()
    shuffled = {
        _REWRITING[name][0]: details[f"shuffled_{name}"]
        for name in report.scores
        if f"shuffled_{name}" in details
    }
    if shuffled:
        scores = ", ".join(f"{name} {value:.1f}" for name, value in shuffled.items())
        print(f"With the sources shuffled: {scores}.")
    print(f"The answers are {details['length_ratio']:.0%} as long as what was to be written.")
    for name, signature in details["signatures"].items():
        print(f"sacreBLEU: {_REWRITING[name][0]}|{signature}")
    print_warnings(report)
