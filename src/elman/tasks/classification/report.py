from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from elman.metrics.report import Evaluation
from elman.console.report import (
    CLASS_SCORES,
    MISTAKES,
    print_classes,
    print_scores,
    print_warnings,
    verdict,
)


def print_class_report(report: Evaluation) -> None:
    """Scores, classes, confusions and what the order was worth; warnings on stderr."""
    print_scores(report, CLASS_SCORES)
    if report.baseline is not None:
        majority = report.baseline["majority_accuracy"]
        print(f"baseline: {report.baseline['name']} (the commonest class alone: {majority:.1%})")
        print(verdict(report, "accuracy", "{:.1f} points of accuracy", times=100))
    print()
    print_classes(report.details["classes"], "class")
    confusions = report.details["confusions"][:MISTAKES]
    if confusions:
        print("\nmost often confused:")
        for each in confusions:
            print(f"  {each['count']:,} of {each['gold']} taken for {each['predicted']}")
    if "order" in report.details:
        print(f"\n{_order(report.details['order'])}")
    print_warnings(report)


def _order(order: dict[str, Any]) -> str:
    low, high = order["interval"]
    return (
        f"With their words shuffled: {order['accuracy_shuffled']:.1%}. The order was worth "
        f"{100 * order['difference']:.1f} points ({100 * low:.1f} to {100 * high:.1f})."
    )
