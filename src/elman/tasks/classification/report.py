"""How the scores of a classifier are printed."""

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
    """Classes, confusions, and what the word order was worth."""
    details = report.details
    if report.baseline is not None:
        print(f"The commonest class alone: {report.baseline['majority_accuracy']:.1%}.")
    print_alone(details)
    print()
    print_classes(details["classes"], "class")
    confusions = details["confusions"][:MISTAKES]
    if confusions:
        print("\nmost often confused:")
        for each in confusions:
            print(f"  {each['count']:,} of {each['gold']} taken for {each['predicted']}")
    if "order" in details:
        order = details["order"]
        low, high = order["interval"]
        print(
            f"\nWith their words shuffled: {order['accuracy_shuffled']:.1%}. The order was worth "
            f"{100 * order['difference']:.1f} points ({100 * low:.1f} to {100 * high:.1f})."
        )


FORMAT = ReportFormat(
    primary=(PrimaryScore("accuracy", "{:.2%}", "{:.1f} points of accuracy", times=100),),
    print_details=_print_details,
    scores=labels("{:.1%}", accuracy="accuracy")
    | labels("{:.3f}", macro_f1="macro F1", calibration_error="calibration error")
    | labels("{:.3f}", roc_auc_out_of_scope="area under ROC, of a class against of none"),
)
