"""How an evaluation is printed: each score beside its baseline's, and the interval."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from elman.cli.terminal import counted, print_table, say

if TYPE_CHECKING:
    from elman.scoring.report import Evaluation
    from elman.text import Unit

_LANGUAGE = {
    "nats_per_symbol": ("nats per {unit}", "{:.4f}"),
    "nats_per_symbol_fresh": ("  on fresh blocks of 64", "{:.4f}"),
    "bits_per_character": ("bits per character", "{:.4f}"),
    "perplexity": ("perplexity per word", "{:,.1f}"),
    "top1": ("next word, first", "{:.1%}"),
    "top3": ("next word, among three", "{:.1%}"),
    "keystroke_savings": ("keystroke savings", "{:.1%}"),
}
_READING = {
    "accuracy": ("accuracy", "{:.1%}"),
    "macro_f1": ("macro F1", "{:.3f}"),
    "calibration_error": ("calibration error", "{:.3f}"),
    "roc_auc_outside": ("area under ROC, of a class against of none", "{:.3f}"),
    "span_f1": ("span F1, strict", "{:.3f}"),
    "span_f1_conlleval": ("span F1, conlleval", "{:.3f}"),
}
_REWRITING = {
    "bleu": ("BLEU", "{:.1f}"),
    "chrf": ("chrF", "{:.1f}"),
    "exact_match": ("exact match", "{:.1%}"),
    "symbol_error_rate": ("{symbol} error rate", "{:.2%}"),
    "word_error_rate": ("word error rate", "{:.1%}"),
}
_FORECASTING = {
    "mase": ("MASE", "{:.3f}"),
    "coverage": ("coverage of the 95 % interval", "{:.1%}"),
    "coverage_80": ("coverage of the 80 % interval", "{:.1%}"),
}
_CHIEF = {
    "nats_per_symbol": ("nats per symbol", "{:.4f}"),
    "span_f1": ("span F1", "{:.4f}"),
    "accuracy": ("accuracy", "{:.2%}"),
    "word_error_rate": ("word error rate", "{:.2%}"),
    "bleu": ("BLEU", "{:.2f}"),
    "chrf": ("chrF", "{:.2f}"),
    "mase": ("MASE", "{:.4f}"),
}
"""The scores that say most; of a report the first that it has."""
KSR = "keystroke savings = (1 - (typed + selections) / keystrokes without help) * 100"

ROWS = 20  # of a table by class, the largest classes
MISTAKES = 5  # of each kind


def print_language_report(report: Evaluation, unit: Unit) -> None:
    """The table on stdout, remarks on stderr."""
    labels = {name: (said.format(unit=unit.name), form) for name, (said, form) in _LANGUAGE.items()}
    _print_scores(report, labels)
    if "keystroke_savings" in report.scores:
        print(KSR)
    if report.baseline is not None:
        print(f"baseline: {report.baseline['name']}")
        print(_verdict(report, "nats_per_symbol", f"{{:.3f}} nats per {unit.name}", less=True))
    _remark(report)


def print_class_report(report: Evaluation) -> None:
    """Scores, classes, confusions and what the order was worth; remarks on stderr."""
    _print_scores(report, _READING)
    if report.baseline is not None:
        majority = report.baseline["majority_accuracy"]
        print(f"baseline: {report.baseline['name']} (the commonest class alone: {majority:.1%})")
        print(_verdict(report, "accuracy", "{:.1f} points of accuracy", times=100))
    print()
    _print_classes(report.details["classes"], "class")
    confusions = report.details["confusions"][:MISTAKES]
    if confusions:
        print("\nmost often confused:")
        for each in confusions:
            print(f"  {each['count']:,} of {each['gold']} taken for {each['predicted']}")
    if "order" in report.details:
        print(f"\n{_order(report.details['order'])}")
    _remark(report)


def print_tag_report(report: Evaluation) -> None:
    """Scores, tags or entities, and what was missed or made up; remarks on stderr."""
    _print_scores(report, _READING)
    if report.baseline is not None:
        print(f"baseline: {report.baseline['name']}")
        if "span_f1" in report.scores:
            print(_verdict(report, "span_f1", "{:.3f} of span F1"))
        else:
            print(_verdict(report, "accuracy", "{:.1f} points of accuracy", times=100))
    print()
    details = report.details
    _print_classes(details.get("tags") or details.get("entities") or [], "tag")
    for name in ("missed", "spurious"):
        entities = details.get(name, [])[:MISTAKES]
        if entities:
            print(f"\n{name}:")
        for each in entities:
            print(f"  {each['count']:,} x {each['words']} ({each['label']})")
    _remark(report)


def print_rewrite_report(report: Evaluation) -> None:
    """Scores, how to compute them again, and what the sources were worth; remarks on stderr."""
    details = report.details
    symbol = details.get("symbols", "")
    labels = {name: (said.format(symbol=symbol), form) for name, (said, form) in _REWRITING.items()}
    _print_scores(report, labels)
    if report.baseline is not None:
        print(f"baseline: {report.baseline['name']}")
        if "word_error_rate" in report.scores:
            form = "{:.1f} points of word error rate"
            print(_verdict(report, "word_error_rate", form, less=True, times=100))
        else:
            name, form = (
                ("bleu", "{:.1f} BLEU") if "bleu" in report.scores else ("chrf", "{:.1f} chrF")
            )
            print(_verdict(report, name, form))
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
    _remark(report)


def print_forecast_report(report: Evaluation) -> None:
    """Scores, and each series' own where there are several; remarks on stderr."""
    _print_scores(report, _FORECASTING)
    details = report.details
    origins = counted(details["origins"], "origin", "origins")
    print(f"{origins}, {counted(details['horizon'], 'step', 'steps')} ahead from each")
    if report.baseline is not None:
        print(f"baseline: {report.baseline['name']}")
        print(_verdict(report, "mase", "{:.3f} of MASE", less=True))
    if len(details["series"]) > 1:
        rows = [["series", "MASE", "baseline"]]
        rows += [
            [each["series"], f"{each['mase']:.3f}", f"{each['baseline_mase']:.3f}"]
            for each in details["series"][:ROWS]
        ]
        print()
        print_table(rows)
        if len(details["series"]) > ROWS:
            print(f"... and {len(details['series']) - ROWS} more: --json shows all")
    _remark(report)


def print_int8(report: Evaluation, float32: Evaluation | None) -> None:
    """By how much weights of 8 bits change the chief score, where that is known.

    Args:
        report: with weights of 8 bits; float32: the same without.
    """
    for told in int8_as_json(report, float32).values():
        label, form = _CHIEF[told["score"]]
        line = f"int8: {form.format(told['int8'])} {label}, float32 {form.format(told['float32'])}"
        change = told["change"]
        print(line if change is None else f"{line} ({100 * change:+.2f} %)")


def int8_as_json(report: Evaluation, float32: Evaluation | None) -> dict[str, Any]:
    """The same as plain data, under the key "int8"; nothing where it is not known."""
    if float32 is None:
        return {}
    name = next(name for name in _CHIEF if name in report.scores)
    ours, before = report.scores[name], float32.scores[name]
    change = ours / before - 1 if before else None
    return {"int8": {"score": name, "int8": ours, "float32": before, "change": change}}


def _print_scores(report: Evaluation, labels: dict[str, tuple[str, str]]) -> None:
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


def _print_classes(classes: list[dict[str, Any]], what: str) -> None:
    """The largest classes, with what is right and what is found of each."""
    shown = sorted(classes, key=lambda row: -row["support"])[:ROWS]
    rows = [[what, "precision", "recall", "F1", "texts" if what == "class" else "in all"]]
    for row in shown:
        shares = (f"{row[name]:.3f}" for name in ("precision", "recall", "f1"))
        rows.append([row["label"], *shares, f"{row['support']:,}"])
    print_table(rows)
    if len(classes) > len(shown):
        print(f"... and {len(classes) - len(shown)} more: --json shows all")


def _order(order: dict[str, Any]) -> str:
    low, high = order["interval"]
    return (
        f"With their words shuffled: {order['accuracy_shuffled']:.1%}. The order was worth "
        f"{100 * order['difference']:.1f} points ({100 * low:.1f} to {100 * high:.1f})."
    )


def _verdict(
    report: Evaluation, name: str, form: str, *, less: bool = False, times: float = 1
) -> str:
    """Whether the network wins, by how much, and how sure that is.

    Args:
        form: of the difference, in words.
        less: whether a smaller score is better.
        times: what the difference is multiplied by, for points of a hundred.
    """
    low, high = report.interval[name]
    gain = times * (report.scores[name] - (report.baseline or {})[name]) * (-1 if less else 1)
    word = "better" if gain > 0 else "worse"
    sure = "" if low > 0 or high < 0 else ", which may be chance"
    return f"The network is {form.format(abs(gain))} {word} than its baseline{sure}."


def _remark(report: Evaluation) -> None:
    for remark in report.remarks:
        say(remark)
