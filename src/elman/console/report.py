"""Print an evaluation: scores of the model and its baseline, with intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from elman.console.terminal import print_table, say

if TYPE_CHECKING:
    from elman.metrics.report import Evaluation


ScoreLabels = dict[str, tuple[str, str]]
"""Label and format of each score by name, in printing order."""

ROWS = 20  # of a table by class, the largest classes
MISTAKES = 5  # of each kind


def print_int8(report: Evaluation, float32: Evaluation | None, primary: ScoreLabels) -> None:
    """Print how int8 weights change the primary metric, if the float32 scores are known.

    Args:
        report: scores with int8 weights.
        float32: scores with float32 weights; None: unknown.
        primary: candidates for the primary metric; the first that the report has is taken.
    """
    for row in int8_as_json(report, float32, primary).values():
        label, form = primary[row["score"]]
        line = f"int8: {form.format(row['int8'])} {label}, float32 {form.format(row['float32'])}"
        change = row["change"]
        print(line if change is None else f"{line} ({100 * change:+.2f} %)")


def int8_as_json(
    report: Evaluation, float32: Evaluation | None, primary: ScoreLabels
) -> dict[str, Any]:
    """The same as plain data, under the key "int8"; empty if it is not known."""
    if float32 is None:
        return {}
    name = next(name for name in primary if name in report.scores)
    ours, before = report.scores[name], float32.scores[name]
    change = ours / before - 1 if before else None
    return {"int8": {"score": name, "int8": ours, "float32": before, "change": change}}


def print_scores(report: Evaluation, labels: ScoreLabels) -> None:
    rows = [["", "model", "baseline", "95 % interval of the difference"]]
    baseline = report.baseline or {}
    for name, (label, form) in labels.items():
        if name in report.scores:
            ours = form.format(report.scores[name])
            theirs = form.format(baseline[name]) if name in baseline else "-"
            ends = report.interval.get(name, ())
            interval = " to ".join(form.format(end) for end in ends)
            rows.append([label, ours, theirs, interval])
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


def verdict(
    report: Evaluation, name: str, form: str, *, less: bool = False, times: float = 1
) -> str:
    """A sentence: whether the network beats its baseline, by how much, and whether significantly.

    Args:
        report: with scores, baseline and the interval of their difference.
        name: of the score.
        form: format of the difference, with its unit.
        less: whether a smaller score is better.
        times: factor of the difference; 100 for percentage points.
    """
    low, high = report.interval[name]
    gain = times * (report.scores[name] - (report.baseline or {})[name]) * (-1 if less else 1)
    word = "better" if gain > 0 else "worse"
    doubt = "" if low > 0 or high < 0 else ", which may be chance"
    return f"The network is {form.format(abs(gain))} {word} than its baseline{doubt}."


def print_warnings(report: Evaluation) -> None:
    for warning in report.warnings:
        say(warning)
