"""How the scores of a tagger are printed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from elman.console.report import (
    MISTAKES,
    print_classes,
    print_scores,
    print_warnings,
    verdict,
)

if TYPE_CHECKING:
    from elman.console.report import ScoreLabels
    from elman.metrics.report import Evaluation


_SCORES: ScoreLabels = {
    "accuracy": ("accuracy", "{:.1%}"),
    "macro_f1": ("macro F1", "{:.3f}"),
    "span_f1": ("span F1, strict", "{:.3f}"),
    "span_f1_conlleval": ("span F1, conlleval", "{:.3f}"),
}
PRIMARY_SCORES: ScoreLabels = {
    "span_f1": ("span F1", "{:.4f}"),
    "accuracy": ("accuracy", "{:.2%}"),
}


def print_tag_report(report: Evaluation) -> None:
    """Scores, tags or entities, and what was missed or made up; warnings on stderr."""
    print_scores(report, _SCORES)
    if report.baseline is not None:
        print(f"baseline: {report.baseline['name']}")
        if "span_f1" in report.scores:
            print(verdict(report, "span_f1", "{:.3f} of span F1"))
        else:
            print(verdict(report, "accuracy", "{:.1f} points of accuracy", times=100))
    print()
    details = report.details
    print_classes(details.get("tags") or details.get("entities") or [], "tag")
    for name in ("missed", "spurious"):
        entities = details.get(name, [])[:MISTAKES]
        if entities:
            print(f"\n{name}:")
        for each in entities:
            print(f"  {each['count']:,} x {each['words']} ({each['label']})")
    print_warnings(report)
