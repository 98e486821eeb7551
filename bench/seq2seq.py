"""Scores of translation and description on real data: `make bench-seq2seq`.

Prints a table and records it in bench/results with date and machine. Training budgets are
wall-clock, so nothing else should run meanwhile: all rows take an hour and a half. Run some alone
with `python bench/seq2seq.py cmudict digits`.

The data is read from $ELMAN_DATA, by default ../shared/data; the digits are scikit-learn's. Weights
are chosen by each set's validation pairs, never by what is scored.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from elman import Describer, Translator
from elman.examples import digits
from elman.metrics.report import Evaluation
from elman.tasks.seq2seq.baseline import NearestSource, NearestVector
from elman.tasks.seq2seq.evaluation import evaluate_seq2seq
from elman.tasks.translation.inputs import read_pairs
from elman.text.files import TextSource
from elman.text.pairs import PairSource
from tables import DATA, Bench, Row, run_benches, seconds

Names = tuple[str, ...]


def pairs(train: Names, valid: Names, test: Names) -> Callable[[float, int], Evaluation]:
    """A run of a translator; each part is one table or two parallel files."""

    def run(minutes: float, seed: int) -> Evaluation:
        model = Translator(minutes=minutes, seed=seed)
        begun = time.monotonic()
        model.fit(_source(train), valid=_source(valid))
        _say(model, time.monotonic() - begun)
        learned, asked = read_pairs(_source(train)), read_pairs(_source(test))
        answers: list[str] = []
        spent = seconds(lambda: answers.extend(model.predict(asked.sources)))
        greedy = seconds(lambda: model.predict(asked.sources[:1000], beam=1))
        speeds = len(answers) / spent, min(1000, len(answers)) / greedy
        print("sources a second, beam 5 and greedy: {:.0f}, {:.0f}".format(*speeds))
        baseline = NearestSource().fit(*learned) if seed == 0 else None
        known = set(learned.sources)
        return evaluate_seq2seq(*asked, answers, baseline, answers[::-1], known)

    return run


def vectors(minutes: float, seed: int) -> Evaluation:
    """A run of a describer: the digit that an image shows."""
    split = digits()
    parts = [
        (np.stack([each.vector for each in part]), [each.name for each in part])
        for part in (split.train, split.test)
    ]
    (learned, names), (asked, wanted) = parts
    model = Describer(minutes=minutes, seed=seed)
    begun = time.monotonic()
    model.fit(learned, names)
    _say(model, time.monotonic() - begun)
    answers = model.predict(asked)
    return evaluate_seq2seq(asked, wanted, answers, NearestVector().fit(learned, names))


def _source(names: Names) -> PairSource:
    return PairSource(TextSource([DATA / name for name in names]))


def _say(model: Any, spent: float) -> None:
    record = {name: value for name, value in model.record_.items() if name != "content"}
    print(f"{spent:.0f} s with reading; {record}", file=sys.stderr, flush=True)


def _speed() -> list[Row]:
    """Sentences a second of a whole test set, after two minutes of training, so that the outputs
    are as long as a trained model's."""
    model = Translator(minutes=2).fit(_source(_multi30k_files("train", "fr")))
    asked = read_pairs(_source(_multi30k_files("test_2016_flickr", "fr")))
    rows = []
    for beam in (5, 1):
        answer = partial(model.predict, asked.sources, beam=beam)
        spent = [seconds(answer) for _ in range(3)]
        speed = len(asked.sources) / statistics.median(spent)
        how = "multi30k test 2016, median of 3"
        rows.append((f"sentences translated a second, beam {beam}", f"{speed:,.0f}", how))
    return rows


def _multi30k(language: str) -> Callable[[float, int], Evaluation]:
    parts = ("train", "val", "test_2016_flickr")
    return pairs(*(_multi30k_files(part, language) for part in parts))


def _multi30k_files(part: str, language: str) -> Names:
    return f"multi30k/{part}.{language}", f"multi30k/{part}.en"


def _table(folder: str, suffix: str) -> Callable[[float, int], Evaluation]:
    return pairs(*((f"{folder}/{part}.{suffix}",) for part in ("train", "valid", "test")))


TRANSLATED = {"bleu": "BLEU", "chrf": "chrF"}
SPOKEN = {"word_error_rate": "word error rate", "token_error_rate": "phoneme error rate"}

BENCHES = {
    "multi30k-fr": Bench(20, 1, _multi30k("fr"), TRANSLATED, "{:.2f}"),
    "multi30k-de": Bench(20, 1, _multi30k("de"), TRANSLATED, "{:.2f}"),
    "tatoeba": Bench(30, 1, _table("tatoeba_fra_eng", "tsv.gz"), TRANSLATED, "{:.2f}"),
    "cmudict": Bench(15, 1, _table("cmudict", "tsv"), SPOKEN),
    "digits": Bench(1, 3, vectors, {"exact_match": "exact"}),
}


if __name__ == "__main__":
    run_benches("seq2seq", __doc__, BENCHES, {"speed": _speed})
