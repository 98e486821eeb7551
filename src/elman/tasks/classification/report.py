"""How the scores of a classifier are printed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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
    "calibration_error": ("calibration error", "{:.3f}"),
    "roc_auc_out_of_scope": ("area under ROC, of a class against of none", "{:.3f}"),
}
PRIMARY_SCORES: ScoreLabels = {"accuracy": ("accuracy", "{:.2%}")}


def print_class_report(report: Evaluation) -> None:
    """Scores, classes, confusions and what the order was worth; warnings on stderr."""
    print_scores(report, _SCORES)
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
