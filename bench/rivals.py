"""Elman beside simple rivals, on the same split in one run: `make bench-rivals`.

Each row trains Elman with its default settings and one thread, then every rival on the same
training data, and scores both on the test set. It prints the best rival, chosen by the very test
set, and the 95 % interval of the difference; below 0, Elman has lost. Weights and settings of Elman
are chosen by each set's validation data, or a tenth of the training data where it has none.

Rivals of classifiers: TF-IDF of words (1-2) and of characters (2-5) with logistic regression and
with a linear support vector machine, and NB-SVM of words (S. Wang, C. Manning, 2012). Of taggers: a
linear-chain CRF of python-crfsuite with words, affixes, shapes and neighbours. Of language models:
the report's Kneser-Ney n-grams. Of describers: one and five nearest vectors, a support vector
machine with a Gaussian kernel, and logistic regression of the standardised numbers. Of forecasters:
seasonal naive, and statsforecast's AutoETS, AutoTheta and MSTL, fitted once to the values before
the test set as Elman is.

All rows take about an hour. Run some alone with `python bench/rivals.py sst2 wnut17`, with another
budget with `--minutes 1`.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from classification_tagging import IMDB, SST2, labelled, tagged
from elman import Classifier, Describer, LanguageModel, Tagger
from elman.data.cache import Cache
from elman.data.corpus import Corpus
from elman.examples import digits
from elman.metrics.classification import correct
from elman.metrics.intervals import bootstrap_difference
from elman.tasks.language_modeling.baseline import best_ngram
from elman.tasks.language_modeling.evaluation import evaluate_language
from elman.tasks.tagging.evaluation import evaluate_tags
from elman.text.files import TextSource
from elman.text.subword_hashing import shape
from forecasting import SETTINGS, evaluated
from tables import DATA, Row, bench_parser, check_data, check_rows, publish, table

AFFIX = 4  # the longest prefix and suffix of a word among the features of the CRF
C = 1.0  # of the support vector machines
ITERATIONS = 60  # of the CRF's L-BFGS


def _row(
    name: str, minutes: float, ours: float, rival: tuple[str, float], gain: tuple[float, float]
) -> Row:
    low, high = gain
    how = f"{rival[1]:.4f} by {rival[0]}; difference {low:+.4f} to {high:+.4f}"
    verdict = "LOST" if high < 0 else "won" if low > 0 else "level"
    return f"{name}, {minutes:g} min", f"{ours:.4f}", f"{verdict}: {how}"


def _exact(
    name: str,
    minutes: float,
    gold: Sequence[str],
    answers: Sequence[Any],
    rivals: dict[str, Callable[..., Any]],
    given: Any,
) -> Row:
    """The row of answers that are right or wrong.

    Args:
        gold: the right answers.
        answers: of Elman.
        rivals: fitted, by name.
        given: what they answer.
    """
    hits = {
        rival: correct(gold, [str(each) for each in predict(given)])
        for rival, predict in rivals.items()
    }
    best = max(hits, key=lambda rival: hits[rival].mean())
    ours = correct(gold, [str(each) for each in answers])
    gain = bootstrap_difference(ours, hits[best], block=1)
    score = (best, float(hits[best].mean()))
    return _row(name, minutes, float(ours.mean()), score, (gain.low, gain.high))


# Classes


def class_rivals(texts: Sequence[str], labels: Sequence[str]) -> dict[str, Callable[..., Any]]:
    """Fitted rivals by name, each a function from texts to labels."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.svm import LinearSVC

    found: dict[str, Callable[..., Any]] = {}
    for what, settings in {
        "words": {"ngram_range": (1, 2)},
        "characters": {"analyzer": "char_wb", "ngram_range": (2, 5), "min_df": 2},
    }.items():
        for kind, model in {
            "logistic regression": LogisticRegression(C=10, max_iter=200),
            "linear SVM": LinearSVC(C=C),
        }.items():
            pipeline = make_pipeline(TfidfVectorizer(sublinear_tf=True, **settings), model)
            begun = time.monotonic()
            found[f"TF-IDF of {what} with {kind}"] = pipeline.fit(texts, labels).predict
            print(f"{what}, {kind}: {time.monotonic() - begun:.0f} s", file=sys.stderr)
    found["NB-SVM of words"] = _nb_svm(texts, labels)
    return found


def _nb_svm(texts: Sequence[str], labels: Sequence[str]) -> Callable[..., Any]:
    """One binary SVM a class, over features scaled by their log-count ratio."""
    from scipy import sparse
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.svm import LinearSVC

    vectorizer = CountVectorizer(ngram_range=(1, 2), binary=True, token_pattern=r"\w+|[^\w\s]")
    x = vectorizer.fit_transform(texts).astype(np.float64)
    classes, target = np.unique(labels, return_inverse=True)
    machines = []
    for index in range(len(classes)):
        is_class = target == index
        inside, outside = (np.asarray(x[rows].sum(0)).ravel() + 1 for rows in (is_class, ~is_class))
        ratio = np.log(inside / inside.sum()) - np.log(outside / outside.sum())
        scaled = sparse.diags(ratio)
        machines.append((scaled, LinearSVC(C=C).fit(x @ scaled, is_class)))

    def predict(given: Sequence[str]) -> Any:
        features = vectorizer.transform(given)
        scores = [svm.decision_function(features @ scaled) for scaled, svm in machines]
        return classes[np.stack(scores).argmax(axis=0)]

    return predict


def classes(name: str, train: str, test: str, valid: str | None, minutes: float) -> Row:
    texts, labels = labelled(train)
    model = Classifier(minutes=minutes)
    model.fit(texts, labels, valid=labelled(valid) if valid else None)
    given, gold = labelled(test)
    rivals = class_rivals(texts, labels)
    return _exact(name, minutes, gold, model.predict(given), rivals, given)


# Tags


def crf_features(words: Sequence[str]) -> list[list[str]]:
    """Of each word: itself, its affixes, its shape, and the words and shapes beside it."""
    rows = []
    for index, word in enumerate(words):
        low = word.lower()
        row = [f"w={low}", f"s={shape(word)}"]
        for length in range(1, AFFIX + 1):
            row += f"p={low[:length]}", f"x={low[-length:]}"
        for offset in (-2, -1, 1, 2):
            place = index + offset
            inside = 0 <= place < len(words)
            beside = words[place] if inside else "END"
            row += f"{offset}w={beside.lower()}", f"{offset}s={shape(beside) if inside else 'END'}"
        rows.append(row)
    return rows


def crf(sentences: Sequence[Sequence[str]], tags: Sequence[Sequence[str]]) -> Callable[..., Any]:
    """A fitted CRF: a function from a sentence to its tags."""
    import pycrfsuite

    trainer = pycrfsuite.Trainer(verbose=False)
    for words, its in zip(sentences, tags, strict=True):
        trainer.append(crf_features(words), list(its))
    trainer.set_params({"c1": 0.1, "c2": 0.1, "max_iterations": ITERATIONS})
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "crf")
        trainer.train(path)
        tagger = pycrfsuite.Tagger()
        tagger.open(path)
    return lambda words: tagger.tag(crf_features(words))


def tags(name: str, train: str, test: str, valid: str, minutes: float) -> Row:
    model = Tagger(minutes=minutes).fit(DATA / train, valid=DATA / valid)
    words, gold = tagged(test)
    rival = crf(*tagged(train))
    theirs = {"rival": [rival(sentence) for sentence in words]}
    ours = model.predict(words)
    report = evaluate_tags(words, gold, ours, scheme=model.scheme_, parts=theirs)
    alone = report.details["alone"]["rival"]
    score = "accuracy" if model.scheme_ == "plain" else "span_f1"
    best = ("python-crfsuite", alone[score])
    return _row(name, minutes, report.scores[score], best, tuple(alone["gain"]))


# Vectors


def vector_rivals(vectors: Any, names: Sequence[str]) -> dict[str, Callable[..., Any]]:
    """Fitted rivals by name, each a function from vectors to descriptions."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    models = {
        "nearest vector": KNeighborsClassifier(1),
        "five nearest vectors": KNeighborsClassifier(5),
        "Gaussian SVM": SVC(C=10),
        "logistic regression": make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)),
    }
    return {name: model.fit(vectors, names).predict for name, model in models.items()}


def images(name: str, minutes: float) -> Row:
    split = digits()
    (vectors, names), (asked, gold) = (
        (np.stack([each.vector for each in part]), [each.name for each in part])
        for part in (split.train, split.test)
    )
    model = Describer(minutes=minutes).fit(vectors, names)
    rivals = vector_rivals(vectors, names)
    return _exact(name, minutes, gold, model.predict(asked), rivals, asked)


# Text


def text(name: str, train: str, test: str, tokenizer: str, minutes: float) -> Row:
    cache, paths = Cache(), [_whole(train), _whole(test)]
    model = LanguageModel(tokenizer=tokenizer, minutes=minutes)
    for _ in model.training(TextSource([paths[0]]), cache=cache):
        pass
    corpora = [Corpus.prepare(TextSource([path]), model.tokenizer_, cache=cache) for path in paths]
    ngram = best_ngram(corpora[0].ids, model.tokenizer_)
    report = evaluate_language(model.predictor, corpora[1], ngram)
    assert report.baseline is not None
    low, high = report.interval["nats_per_token"]
    gain = -high, -low  # of nats less is better
    ours, theirs = report.scores["nats_per_token"], report.baseline["nats_per_token"]
    what = f"{name} (nats, less is better)"
    return _row(what, minutes, ours, (report.baseline["name"], theirs), gain)


def _whole(path: str) -> Path:
    """A file of the data; 'NAME[:9]' and 'NAME[9:]' are nine tenths of it and the last."""
    file, bracket, part = path.partition("[")
    if not bracket:
        return DATA / file
    content = (DATA / file).read_text(encoding="utf-8")
    end = len(content) * 9 // 10
    cut = Path(tempfile.mkdtemp()) / Path(file).name
    cut.write_text(content[:end] if part == ":9]" else content[end:], encoding="utf-8")
    return cut


# Series


def series(name: str, minutes: float) -> Row:
    report = evaluated(name, minutes, seed=0)
    assert report.baseline is not None
    low, high = report.interval["mase"]
    gain = -high, -low  # of errors less is better
    best = (report.baseline["name"], report.baseline["mase"])
    return _row(f"{name} (MASE, less is better)", minutes, report.scores["mase"], best, gain)


ROWS: dict[str, Callable[[float], Row]] = {
    "trec": partial(classes, "trec", "trec/train.txt", "trec/test.txt", None),
    "sst2": partial(classes, "sst2", *SST2),
    "movie_sentences": partial(
        classes,
        "movie_sentences",
        *(f"movie_sentences/{part}.csv" for part in ("train", "test", "valid")),
    ),
    "names": partial(
        classes, "names", *(f"names/{part}.tsv" for part in ("train", "test", "valid"))
    ),
    "clinc150": partial(
        classes, "clinc150", *(f"clinc150/{part}.tsv" for part in ("train", "test", "valid"))
    ),
    "imdb": partial(classes, "imdb", *IMDB, None),
    "wnut17": partial(
        tags, "wnut17", *(f"wnut17/{part}.conll" for part in ("train", "test", "valid"))
    ),
    "ud_english_ewt": partial(
        tags,
        "ud_english_ewt",
        *(f"ud_english_ewt/{part}.conllu.gz" for part in ("train", "test", "dev")),
    ),
    "shakespeare": partial(
        text, "shakespeare", "shakespeare.txt[:9]", "shakespeare.txt[9:]", "character"
    ),
    "keyboard_english": partial(
        text,
        "keyboard_english",
        *(f"keyboard_english/{part}.txt" for part in ("train", "test")),
        "word",
    ),
    "digits": partial(images, "digits"),
    **{name: partial(series, name) for name in SETTINGS},
}


def main() -> None:
    parser = bench_parser(__doc__)
    parser.add_argument("rows", nargs="*", help=", ".join(ROWS))
    parser.add_argument("--minutes", type=float, nargs="+", default=[1.0, 3.0])
    options = parser.parse_args()
    check_rows(parser, options.rows, ROWS)
    check_data()
    torch.set_num_threads(1)
    rows = []
    for name in options.rows or ROWS:
        for minutes in options.minutes:
            rows.append(ROWS[name](minutes))
            print(rows[-1], file=sys.stderr, flush=True)
    publish("rivals", table(rows), record=not options.no_record)


if __name__ == "__main__":
    main()
