"""A first look at tagged sentences: counts against plain Python, and what is shown of bad tags."""

from __future__ import annotations

import json
from copy import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.data.stats import Lengths, percentile
from elman.errors import EmptyTextError
from elman.tasks.tagging.inspect import inspect_source
from elman.text.files import TextSource
from elman.text.tagged import TaggedSource

sentence = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from("NVX")), min_size=1, max_size=3
)
sentences = st.lists(sentence, min_size=1, max_size=6)


def source(rows: list[list[tuple[str, str]]]) -> TaggedSource:
    return TaggedSource.from_sentences(
        [[word for word, _ in each] for each in rows], [[tag for _, tag in each] for each in rows]
    )


@given(train=sentences, valid=sentences)
def test_counts_agree_with_plain_python(
    train: list[list[tuple[str, str]]], valid: list[list[tuple[str, str]]]
) -> None:
    report = inspect_source(source(train), source(valid))
    words = ["".join(word for word, _ in each) for each in train]
    tags = [tag for each in train for _, tag in each]
    assert report.scheme == "plain"
    assert (report.sentences, report.words) == (len(train), len(tags))
    assert report.tags == {tag: tags.count(tag) for tag in set(tags)}
    assert list(report.tags.values()) == sorted(report.tags.values(), reverse=True)
    assert report.duplicates == len(words) - len(set(words))
    assert report.lengths.longest == max(map(len, words))
    assert report.valid.examples == len(valid)
    assert report.valid.in_both == sum("".join(word for word, _ in each) in words for each in valid)
    others = [tag for each in valid for _, tag in each if tag not in tags]
    assert report.valid.unknown == {tag: others.count(tag) for tag in set(others)}


def test_illegal_tags_and_where_they_are() -> None:
    content = "a I-x\nb B-x\nc I-y\n\n" + "d B-x\n\n" * 3 + "e O\nf I-x\n\n" * 5
    tagged = TaggedSource(TextSource.from_texts([content]))
    report = inspect_source(tagged)
    assert report.scheme == "iob1", "more entities begin with I-"
    content = content.replace("e O\nf I-x", "e O\nf B-x", 4)
    report = inspect_source(TaggedSource(TextSource.from_texts([content])))
    assert (report.scheme, report.illegal, report.illegal_sentences) == ("bio", 3, 2)
    assert report.first_illegal == [
        "text 1:1: I-x cannot begin a sentence",
        "text 1:3: I-y cannot follow B-x",
        "text 1:24: I-x cannot follow O",
    ]


def test_no_more_than_a_few_are_shown() -> None:
    rows = [[("a", "I-x"), ("b", "I-y"), ("c", "B-x"), ("d", "B-x"), ("e", "O"), ("f", "B-x")]] * 4
    report = inspect_source(source(rows))
    assert (report.scheme, report.illegal, len(report.first_illegal)) == ("bio", 8, 5)
    assert report.first_illegal[-1] == "sentence 3:1: I-x cannot begin a sentence"


def test_what_was_left_out() -> None:
    content = "a\tN\n\nb\n\nc d\tN\ne\tN\n\n"
    tagged = TaggedSource(TextSource.from_texts([content]), skip_bad_rows=True)
    report = inspect_source(tagged, copy(tagged))
    assert (report.sentences, report.skipped) == (2, 1)
    assert (report.valid.examples, report.valid.skipped) == (2, 1)


def test_plain_data() -> None:
    report = inspect_source(source([[("a", "N")] * length for length in range(1, 101)]))
    assert json.loads(json.dumps(report.to_json())) == report.to_json()
    assert report.lengths == Lengths(50, 95, 100)
    assert (report.shape, report.valid) == ("conll", None)


def test_words_alone() -> None:
    tagged = TaggedSource(TextSource.from_texts(["a\nb\n"]), tags_needed=False)
    report = inspect_source(tagged)
    assert (report.words, report.tags, report.scheme, report.illegal) == (2, {}, "plain", 0)


def test_nothing() -> None:
    with pytest.raises(EmptyTextError):
        inspect_source(TaggedSource(TextSource.from_texts(["\n"])))


@given(
    lengths=st.lists(st.integers(0, 9), min_size=1, max_size=30),
    percent=st.sampled_from([5, 50, 95]),
)
def test_percentiles_by_definition(lengths: list[int], percent: int) -> None:
    counts = {length: lengths.count(length) for length in lengths}
    least = min(
        length
        for length in lengths
        if 100 * sum(other <= length for other in lengths) >= percent * len(lengths)
    )
    assert percentile(counts, percent) == least
