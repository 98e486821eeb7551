"""How the scores of a tagger are printed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from elman.console.report import (
    MISTAKES,
    PrimaryScore,
    ReportFormat,
    labels,
    print_alone,
    print_classes,
)

if TYPE_CHECKING:
    from elman.metrics.report import Evaluation


def _print_details(report: Evaluation) -> None:
    """Tags or entities, and the entities that were missed or spurious."""
    details = report.details
    print_alone(details)
    print()
    print_classes(details.get("tags") or details.get("entities") or [], "tag")
    for name in ("missed", "spurious"):
        entities = details.get(name, [])[:MISTAKES]
        if entities:
            print(f"\n{name}:")
        for each in entities:
            print(f"  {each['count']:,} x {each['words']} ({each['label']})")


FORMAT = ReportFormat(
    primary=(
        PrimaryScore("span_f1", "{:.4f}", "{:.3f} of span F1"),
        PrimaryScore("accuracy", "{:.2%}", "{:.1f} points of accuracy", times=100),
    ),
    print_details=_print_details,
    scores=labels("{:.1%}", accuracy="accuracy")
    | labels("{:.3f}", macro_f1="macro F1")
    | labels("{:.3f}", span_f1="span F1, strict", span_f1_conlleval="span F1, conlleval"),
)
