"""What `elman test` prints of a model that writes."""

from __future__ import annotations

from elman.tasks.seq2seq.baseline import NearestSource
from elman.tasks.seq2seq.evaluation import evaluate_seq2seq
from elman.tasks.seq2seq.report import FORMAT


def test_a_translation_report(capsys):
    nouns = ["cat", "dog", "horse", "bird", "fox"]
    targets = [f"The {a} is looking for that {b}." for a in nouns for b in nouns]
    sources = [target.upper() for target in targets]
    baseline = NearestSource().fit(sources[:3], ["A cat.", "A dog.", "It is looking for that."])
    report = evaluate_seq2seq(sources, targets, targets, baseline, targets[::-1], warnings=["so"])
    FORMAT.print(report)
    out, err = capsys.readouterr()
    rows = out.splitlines()
    assert [row.split()[0] for row in rows[1:4]] == ["BLEU", "chrF", "exact"]
    theirs = report.baseline["bleu"]
    assert rows[1].split()[1:3] == ["100.0", f"{theirs:.1f}"]
    assert "baseline: nearest source" in rows
    assert f"The model is {100 - theirs:.1f} BLEU better than its baseline." in rows
    left = report.details
    shuffled = f"BLEU {left['shuffled_bleu']:.1f}, chrF {left['shuffled_chrf']:.1f}"
    assert f"With the sources shuffled: {shuffled}." in rows
    assert "The answers are 100% as long as what was to be written." in rows
    assert f"sacreBLEU: BLEU|{left['signatures']['bleu']}" in rows
    assert err.splitlines() == ["so"]


def test_a_report_of_pronunciations(capsys):
    sources, targets = ["one", "two", "three"], ["W AH N", "T UW", "TH R IY"]
    baseline = NearestSource().fit(["once"], ["W AH N S"])
    FORMAT.print(evaluate_seq2seq(sources, targets, targets, baseline))
    out, _ = capsys.readouterr()
    assert "token error rate" in out
    assert "The model is 100.0 points of word error rate better than its baseline." in out
    assert "shuffled" not in out


def test_a_report_without_a_baseline(capsys):
    FORMAT.print(evaluate_seq2seq(None, ["seven"], ["sevn"]))
    out, _ = capsys.readouterr()
    assert "baseline" not in out
    assert "character error rate  20.00%" in out
