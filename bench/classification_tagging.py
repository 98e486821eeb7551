"""Scores of classifiers and taggers on real text: `make bench-classification-tagging`.

Prints a table and records it in bench/results with date and machine. Training budgets are
wall-clock, so nothing else should run meanwhile: all rows take two and a half hours. Run some alone
with `python bench/classification_tagging.py names trec`.

The data (bench/results/README.md describes it) is read from $ELMAN_DATA, by default
../shared/data. Weights are chosen by each set's validation data, or, where it has none, by a tenth
of the training data; never by what is scored.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

from elman import Classifier, Tagger
from elman.metrics.classification import ClassPredictions, area_under_roc
from elman.metrics.report import Evaluation
from elman.tasks.classification.baseline import TextBaseline
from elman.tasks.classification.evaluation import evaluate_classes
from elman.tasks.tagging.baseline import MostFrequentTag
from elman.tasks.tagging.evaluation import evaluate_tags
from elman.text.files import TextSource
from elman.text.labelled import LabelledSource
from elman.text.tagged import TaggedSource
from tables import DATA, Bench, Row, run_benches, seconds

Texts = tuple[list[str], list[str]]


def labelled(path: str) -> Texts:
    rows = list(LabelledSource(TextSource([DATA / path])).examples())
    return [row.text for row in rows], [row.label or "" for row in rows]


def _lines(path: str) -> list[str]:
    source = LabelledSource(TextSource([DATA / path]), labels_needed=False)
    return [row.text for row in source.examples()]


def classes(
    train: str,
    test: str,
    valid: str | None = None,
    *,
    unlabelled: str | None = None,
    out_of_scope: tuple[str, str] | None = None,
    **settings: Any,
) -> Callable[[float, int], Evaluation]:
    """A run of a classifier.

    Args:
        out_of_scope: texts of no class, for the threshold and for the test.
        settings: of the classifier.
    """

    def run(minutes: float, seed: int) -> Evaluation:
        model = Classifier(minutes=minutes, seed=seed, **settings)
        learned_from = labelled(train)
        begun = time.monotonic()
        model.fit(
            *learned_from,
            valid=labelled(valid) if valid else None,
            unlabelled=_lines(unlabelled) if unlabelled else (),
            out_of_scope=_lines(out_of_scope[0]) if out_of_scope else (),
        )
        _say(model, time.monotonic() - begun)
        texts, labels = labelled(test)
        baseline = TextBaseline().fit(*learned_from) if seed == 0 else None
        report = evaluate_classes(texts, labels, _answers(model, texts), baseline)
        if out_of_scope:
            inside, beyond = (_answers(model, part) for part in (texts, _lines(out_of_scope[1])))
            area = area_under_roc(inside.confidences, beyond.confidences)
            report.scores["roc_auc_out_of_scope"] = area
        return report

    return run


def tags(train: str, valid: str, test: str, **settings: Any) -> Callable[[float, int], Evaluation]:
    """A run of a tagger; the settings are the tagger's."""

    def run(minutes: float, seed: int) -> Evaluation:
        model = Tagger(minutes=minutes, seed=seed, **settings)
        begun = time.monotonic()
        model.fit(DATA / train, valid=DATA / valid)
        _say(model, time.monotonic() - begun)
        words, gold = tagged(test)
        baseline = MostFrequentTag().fit(*tagged(train)) if seed == 0 else None
        return evaluate_tags(words, gold, model.predict(words), baseline, scheme=model.scheme_)

    return run


def tagged(path: str) -> tuple[list[Sequence[str]], list[Sequence[str]]]:
    sentences = list(TaggedSource(TextSource([DATA / path])).sentences())
    return [each.words for each in sentences], [each.tags or () for each in sentences]


def _answers(model: Classifier, texts: list[str]) -> ClassPredictions:
    return ClassPredictions(model.classes_.tolist(), model.predict_proba(texts))


def _say(model: Classifier | Tagger, seconds: float) -> None:
    record = {name: value for name, value in model.record_.items() if name != "content"}
    print(f"{seconds:.0f} s with reading; {record}", file=sys.stderr, flush=True)


def _speed() -> list[Row]:
    """Reviews a second in batches, alternated with the baseline's pipeline."""
    learned_from, (texts, _) = labelled("imdb/train.jsonl.gz"), labelled("imdb/test.jsonl.gz")
    texts = texts[:5000]
    baseline = TextBaseline().fit(*learned_from)
    model = Classifier(tokenizer="word", minutes=0.5).fit(*learned_from)
    ours, theirs = [], []
    for _ in range(5):
        ours.append(seconds(lambda: model.predict(texts)))
        theirs.append(seconds(lambda: baseline.predict(texts)))
    speed, other = (len(texts) / sorted(each)[2] for each in (ours, theirs))
    how = "5,000 reviews, median of 5, alternated"
    return [
        ("classification speed: imdb reviews a second", f"{speed:,.0f}", how),
        ("baseline", f"{other:,.0f}", f"{baseline.name}; ratio {speed / other:.2f}"),
    ]


SST2 = ("sst2/train.csv", "sst2/test.csv", "sst2/valid.csv")
IMDB = ("imdb/train.jsonl.gz", "imdb/test.jsonl.gz")
UNLABELLED = "imdb/unlabelled.txt.gz"

BENCHES = {
    "names": Bench(
        3,
        3,
        classes(
            "names/train.tsv",
            "names/test.tsv",
            "names/valid.tsv",
            tokenizer="character",
            class_weight="balanced",
        ),
        {"accuracy": "accuracy", "macro_f1": "macro F1"},
    ),
    "trec": Bench(2, 3, classes("trec/train.txt", "trec/test.txt", tokenizer="word")),
    "clinc150": Bench(
        5,
        3,
        classes(
            "clinc150/train.tsv",
            "clinc150/test.tsv",
            "clinc150/valid.tsv",
            out_of_scope=("clinc150/out_of_scope_valid.txt", "clinc150/out_of_scope_test.txt"),
            tokenizer="word",
        ),
        {"accuracy": "accuracy in scope", "roc_auc_out_of_scope": "area under ROC"},
    ),
    "sst2": Bench(3, 3, classes(*SST2, tokenizer="word")),
    "sst2-unlabelled": Bench(20, 1, classes(*SST2, unlabelled=UNLABELLED, tokenizer="word")),
    "imdb": Bench(10, 1, classes(*IMDB, tokenizer="word")),
    "imdb-unlabelled": Bench(30, 1, classes(*IMDB, unlabelled=UNLABELLED, tokenizer="word")),
    "ud_english_ewt": Bench(
        10, 1, tags(*(f"ud_english_ewt/{part}.conllu.gz" for part in ("train", "dev", "test")))
    ),
    "wnut17": Bench(
        5,
        3,
        tags(*(f"wnut17/{part}.conll" for part in ("train", "valid", "test"))),
        {"span_f1": "strict span F1", "accuracy": "accuracy"},
    ),
}


if __name__ == "__main__":
    run_benches("classification_tagging", __doc__, BENCHES, {"speed": _speed})
