"""Print an evaluation: scores of the model and its baseline, with intervals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from elman.console.terminal import print_table, say

if TYPE_CHECKING:
    from elman.metrics.report import Evaluation


ScoreLabels = dict[str, tuple[str, str]]
"""Label and format of each score by name, in printing order."""


def labels(form: str, **names: str) -> ScoreLabels:
    """Labels of scores that have one format."""
    return {name: (label, form) for name, label in names.items()}


def print_alone(details: dict[str, Any]) -> None:
    """Print what each part of a model reaches alone, and the interval of what both gain over it.

    Args:
        details: of an evaluation; `alone` has the score of each part, and its `gain`.
    """
    for part, scores in details.get("alone", {}).items():
        (name, score), (low, high) = next(iter(scores.items())), scores["gain"]
        print(
            f"the {part} alone: {name.replace('_', ' ')} {score:.4f}; "
            f"both together gain {low:+.4f} to {high:+.4f} (95 % interval)"
        )


ROWS = 20  # of a table by class, the largest classes
MISTAKES = 5  # of each kind


@dataclass(frozen=True)
class PrimaryScore:
    """A score that may stand for the quality of a model.

    Args:
        name: of the score.
        precise: its format where two of its values are compared.
        difference: the format of its difference to the baseline, with a unit.
        less: whether a smaller score is better.
        times: factor of the difference; 100 for percentage points.
    """

    name: str
    precise: str
    difference: str
    less: bool = False
    times: float = 1

    def verdict(self, report: Evaluation) -> str:
        """A sentence: whether the model beats its baseline, by how much, whether significantly."""
        low, high = report.interval[self.name]
        gain = report.scores[self.name] - (report.baseline or {})[self.name]
        gain *= self.times * (-1 if self.less else 1)
        word = "better" if gain > 0 else "worse"
        doubt = "" if low > 0 or high < 0 else ", which may be chance"
        difference = self.difference.format(abs(gain), **report.details)
        return f"The model is {difference} {word} than its baseline{doubt}."


@dataclass(frozen=True)
class ReportFormat:
    """How the evaluations of a task are printed.

    Labels and formats may have fields with the names of `Evaluation.details`.

    Args:
        primary: candidates for the primary score; the first that a report has is taken.
        print_details: prints what follows the table and the verdict.
        scores: labels and formats of the table, by name.
    """

    primary: tuple[PrimaryScore, ...]
    print_details: Callable[[Evaluation], None]
    scores: ScoreLabels

    def primary_of(self, report: Evaluation) -> PrimaryScore:
        """The primary score of a report."""
        return next(each for each in self.primary if each.name in report.scores)

    def print(self, report: Evaluation) -> None:
        """Print a report on stdout, and its warnings on stderr."""
        shown = {
            name: (label.format(**report.details), form)
            for name, (label, form) in self.scores.items()
            if name in report.scores
        }
        print_scores(report, shown)
        if report.baseline is not None:
            print(f"baseline: {report.baseline['name']}")
            print(self.primary_of(report).verdict(report))
        self.print_details(report)
        for warning in report.warnings:
            say(warning)


def print_int8(report: Evaluation, float32: Evaluation | None, form: ReportFormat) -> None:
    """Print how int8 weights change the primary score, if the float32 scores are known.

    Args:
        report: scores with int8 weights.
        float32: scores with float32 weights; None: unknown.
        form: of the task.
    """
    for row in int8_as_json(report, float32, form).values():
        label, precise = form.scores[row["score"]][0], form.primary_of(report).precise
        label = label.format(**report.details)
        line = (
            f"int8: {precise.format(row['int8'])} {label}, float32 {precise.format(row['float32'])}"
        )
        change = row["change"]
        print(line if change is None else f"{line} ({100 * change:+.2f} %)")


def int8_as_json(
    report: Evaluation, float32: Evaluation | None, form: ReportFormat
) -> dict[str, Any]:
    """The same as plain data, under the key "int8"; empty if it is not known."""
    if float32 is None:
        return {}
    name = form.primary_of(report).name
    ours, before = report.scores[name], float32.scores[name]
    change = ours / before - 1 if before else None
    return {"int8": {"score": name, "int8": ours, "float32": before, "change": change}}


def print_scores(report: Evaluation, shown: ScoreLabels) -> None:
    """Print a table of the scores `shown`, which the report has."""
    rows = [["", "model", "baseline", "95 % interval of the difference"]]
    baseline = report.baseline or {}
    for name, (label, form) in shown.items():
        theirs = form.format(baseline[name]) if name in baseline else "-"
        interval = " to ".join(form.format(end) for end in report.interval.get(name, ()))
        rows.append([label, form.format(report.scores[name]), theirs, interval])
    if report.baseline is None:
        rows = [row[:2] for row in rows]
    print_table(rows)


def print_classes(classes: list[dict[str, Any]], what: str) -> None:
    """Print precision, recall, F1 and support of the largest classes."""
    shown = sorted(classes, key=lambda row: -row["support"])[:ROWS]
    rows = [[what, "precision", "recall", "F1", "texts" if what == "class" else "in all"]]
    for row in shown:
        shares = (f"{row[name]:.3f}" for name in ("precision", "recall", "f1"))
        rows.append([row["label"], *shares, f"{row['support']:,}"])
    print_table(rows)
    if len(classes) > len(shown):
        print(f"... and {len(classes) - len(shown)} more: --json shows all")
