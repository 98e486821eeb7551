"""Metrics of taggers: published values, cases by hand, and loops."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.errors import EmptyTextError
from elman.metrics.counted import difference_of, fraction
from elman.metrics.tagging import Entity, entity_table, missed, span_counts, span_f1, word_counts
from elman.tasks.tagging.baseline import MostFrequentTag
from elman.tasks.tagging.evaluation import evaluate_tags
from elman.text.tagsets import Span, spans

WORDS = [
    ["Ada", "Lovelace", "met", "Charles", "Babbage", "in", "London"],
    ["He", "liked", "London", "."],
]
GOLD = [
    ["B-PER", "I-PER", "O", "B-PER", "I-PER", "O", "B-LOC"],
    ["O", "O", "B-LOC", "O"],
]
# Errors: Charles Babbage lacks a B tag; the first London and "He" are tagged as persons.
PREDICTED = [
    [
        "B-PER",
        "I-PER",
        "O",
        "I-PER",
        "I-PER",
        "O",
        "B-PER",
    ],
    ["B-PER", "O", "B-LOC", "O"],
]


def test_published_example_of_conlleval():
    """371 correct of 539 predicted and 459 gold: 68.83 %, 80.83 %, FB1 74.35."""
    assert span_f1(np.array([371, 539, 459])) == pytest.approx(0.7435, abs=5e-5)


def test_strict_and_conlleval_entities():
    report = evaluate_tags(WORDS, GOLD, PREDICTED)
    assert report.task == "tag"
    assert report.examples == 11
    assert report.scores["accuracy"] == pytest.approx(8 / 11)
    # Strictly "I-PER I-PER" after O is no entity: 2 correct of 4 predicted and 4 gold.
    assert report.scores["span_f1"] == pytest.approx(2 * 2 / (4 + 4))
    # For conlleval it is Charles Babbage: 3 of 5.
    assert report.scores["span_f1_conlleval"] == pytest.approx(2 * 3 / (5 + 4))


def test_missed_and_spurious_entities():
    details = evaluate_tags(WORDS, GOLD, PREDICTED).details
    assert details["scheme"] == "bio"
    assert details["missed"] == [
        {"label": "LOC", "words": "London", "count": 1},
        {"label": "PER", "words": "Charles Babbage", "count": 1},
    ]
    assert details["spurious"] == [
        {"label": "PER", "words": "He", "count": 1},
        {"label": "PER", "words": "London", "count": 1},
    ]
    by_label = {row["label"]: row for row in details["entities"]}
    assert by_label["LOC"] == {
        "label": "LOC",
        "precision": 1.0,
        "recall": 0.5,
        "f1": pytest.approx(2 / 3),
        "support": 2,
    }
    assert by_label["PER"]["precision"] == pytest.approx(1 / 3)


def test_most_frequent_mistakes_come_first():
    london = [Span(0, 1, "LOC")]
    words = [["Paris"], ["London"], ["London"], ["Oslo"]]
    result = missed(words, [london] * 4, [[]] * 4, limit=2)
    assert result == [Entity("LOC", "London", 2), Entity("LOC", "Oslo", 1)]


tag = st.sampled_from(["O", "B-X", "I-X", "B-Y", "I-Y"])
pairs = st.lists(st.lists(st.tuples(tag, tag), max_size=8), min_size=1, max_size=5)


@given(pairs)
def test_counts_agree_with_loops_and_with_the_table(drawn):
    gold, predicted = ([[pair[side] for pair in each] for each in drawn] for side in (0, 1))
    flat = [pair for sentence in drawn for pair in sentence]
    right, words = word_counts(gold, predicted).sum(axis=0)
    assert (right, words) == (sum(a == b for a, b in flat), len(flat))

    there, named = ([spans(tags, "bio") for tags in side] for side in (gold, predicted))
    result, of_theirs, of_ours = span_counts(there, named).sum(axis=0)
    both = [a for ours, theirs in zip(there, named, strict=True) for a in ours if a in theirs]
    assert (result, of_theirs, of_ours) == (len(both), sum(map(len, named)), sum(map(len, there)))
    table = entity_table(there, named)
    assert sum(row.support for row in table) == of_ours
    assert sum(row.recall * row.support for row in table) == pytest.approx(result)
    lost = sum(entity.count for entity in missed([["w"] * 8] * len(drawn), there, named, 99))
    assert lost == of_ours - result


def test_scores_without_words_or_entities_are_zero():
    assert span_f1(np.zeros(3)) == 0
    assert fraction(np.zeros(2)) == 0


def test_difference_is_that_of_the_sums():
    rows = np.array([[3, 4, 1, 4], [0, 2, 2, 2]])
    drawn = np.array([[1.0, 0.0], [1.0, 2.0]])
    result = difference_of(fraction, 2)(rows, drawn)
    assert result == pytest.approx([3 / 4 - 1 / 4, 3 / 8 - 5 / 8])


def test_report_has_scores_and_baseline():
    generator = np.random.default_rng(0)
    names = ["Ada", "Bob", "Oslo", "Rome"]
    labels = {"Ada": "B-PER", "Bob": "B-PER", "Oslo": "B-LOC", "Rome": "B-LOC"}
    words = [[str(generator.choice(names)), "saw", str(generator.choice(names))] for _ in range(60)]
    # Every second sentence ends with an ambiguous name, which the baseline cannot resolve.
    gold = [
        [labels[first], "O", labels[last] if n % 2 else "O"]
        for n, (first, _, last) in enumerate(words)
    ]
    baseline = MostFrequentTag().fit(words, gold)
    report = evaluate_tags(words, gold, gold, baseline, warnings=("a warning",))
    assert report.scores["span_f1"] == 1
    assert report.baseline["name"] == baseline.name
    # So every second sentence has one mistake in three words.
    assert report.baseline["accuracy"] == pytest.approx(5 / 6)
    assert report.baseline["span_f1"] == pytest.approx(2 * 90 / (120 + 90))
    assert set(report.interval) == {"accuracy", "span_f1", "span_f1_conlleval"}
    low, high = report.interval["accuracy"]
    # The difference of a sentence is 0 or 1/3 with equal probability.
    assert (low, high) == pytest.approx((1 / 6 - 0.042, 1 / 6 + 0.042), abs=0.01)
    as_json = json.loads(json.dumps(report.to_json()))
    assert as_json["warnings"] == ["a warning"]


def test_parts_of_speech_have_no_entities():
    report = evaluate_tags([["a", "dog"]], [["DET", "NOUN"]], [["DET", "VERB"]])
    assert report.scores == {"accuracy": 0.5}
    assert [row["label"] for row in report.details["tags"]] == ["DET", "NOUN", "VERB"]
    with pytest.raises(EmptyTextError):
        evaluate_tags([[]], [[]], [[]])
    with pytest.raises(ValueError, match="argument 2"):
        evaluate_tags([["a", "dog"]], [["DET", "NOUN"]], [["DET"]])
