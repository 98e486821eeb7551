"""How an evaluation is printed: each score beside its baseline's, and the interval."""

from __future__ import annotations

from typing import TYPE_CHECKING

from elman.cli.terminal import print_table, say

if TYPE_CHECKING:
    from elman.scoring.report import Evaluation
    from elman.text import Unit

_SCORES = {
    "nats_per_symbol": ("nats per {unit}", "{:.4f}"),
    "nats_per_symbol_fresh": ("  on fresh blocks of 64", "{:.4f}"),
    "bits_per_character": ("bits per character", "{:.4f}"),
    "perplexity": ("perplexity per word", "{:,.1f}"),
    "top1": ("next word, first", "{:.1%}"),
    "top3": ("next word, among three", "{:.1%}"),
    "keystroke_savings": ("keystroke savings", "{:.1%}"),
}
KSR = "keystroke savings = (1 - (typed + selections) / keystrokes without help) * 100"


def print_report(report: Evaluation, unit: Unit) -> None:
    """The table on stdout, remarks on stderr."""
    rows = [["", "model", "baseline", "95 % interval of the difference"]]
    baseline = report.baseline or {}
    for name, (label, form) in _SCORES.items():
        if name in report.scores:
            ours = form.format(report.scores[name])
            theirs = form.format(baseline[name]) if name in baseline else "-"
            ends = report.interval.get(name, ())
            interval = " to ".join(form.format(end) for end in ends)
            rows.append([label.format(unit=unit.name), ours, theirs, interval])
    if report.baseline is None:
        rows = [row[:2] for row in rows]
    print_table(rows)
    if "keystroke_savings" in report.scores:
        print(KSR)
    if report.baseline is not None:
        print(f"baseline: {report.baseline['name']}")
        print(verdict(report, unit))
    for remark in report.remarks:
        say(remark)


def verdict(report: Evaluation, unit: Unit) -> str:
    """Whether the network wins, by how much, and how sure that is."""
    low, high = report.interval["nats_per_symbol"]
    baseline = report.baseline or {}
    gain = baseline["nats_per_symbol"] - report.scores["nats_per_symbol"]
    word = "better" if gain > 0 else "worse"
    sure = "" if low > 0 or high < 0 else ", which may be chance"
    return f"The network is {abs(gain):.3f} nats per {unit.name} {word} than its baseline{sure}."
