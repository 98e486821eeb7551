"""A first look at labelled rows, against the plainest counting."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.errors import EmptyTextError
from elman.tasks.classification.inspect import inspect_source
from elman.text.files import TextSource
from elman.text.labelled import LabelledSource

texts = st.text(st.sampled_from("ab "), min_size=1, max_size=6).filter(str.strip)
rows = st.lists(st.tuples(texts, st.sampled_from("xyz")), min_size=1, max_size=12)


def source_of(pairs: list[tuple[str, str]]) -> LabelledSource:
    rows = (json.dumps({"text": text, "label": label}) for text, label in pairs)
    return LabelledSource(TextSource.from_texts(["\n".join(rows)]))


@given(train=rows, valid=rows)
def test_counts_agree_with_plain_python(
    train: list[tuple[str, str]], valid: list[tuple[str, str]]
) -> None:
    report = inspect_source(source_of(train), source_of(valid))
    labels = Counter(label for _, label in train)
    lengths = sorted(len(text.split()) for text, _ in train)
    assert report.labels == labels
    assert list(report.labels.values()) == sorted(labels.values(), reverse=True)
    assert (report.rows, report.valid.examples) == (len(train), len(valid))
    assert report.majority == pytest.approx(max(labels.values()) / len(train))
    assert report.words.longest == lengths[-1]
    for length, share in ((report.words.median, 0.5), (report.words.long, 0.95)):
        assert sum(each <= length for each in lengths) >= share * len(train)
        assert sum(each < length for each in lengths) < share * len(train)
    assert report.duplicates == len(train) - len(set(train))
    by_text = {text: {label for other, label in train if other == text} for text, _ in train}
    assert report.conflicting_texts == sum(len(each) > 1 for each in by_text.values())
    assert report.valid.in_both == sum(text in by_text for text, _ in valid)
    unknown = Counter(label for _, label in valid if label not in labels)
    assert report.valid.unknown == unknown


def test_bad_rows_are_counted() -> None:
    train = TextSource.from_texts(["text,label\na,x\nb\nc,y\n"])
    valid = TextSource.from_texts(["text,label\na,x\n\nb\nc\n"])
    report = inspect_source(
        LabelledSource(train, skip_bad_rows=True), LabelledSource(valid, skip_bad_rows=True)
    )
    assert (report.rows, report.skipped) == (2, 1)
    assert (report.valid.examples, report.valid.skipped) == (1, 2)
    assert report.layout == "CSV, text in column text, label in column label"


def test_it_is_plain_data() -> None:
    alone = inspect_source(source_of([("one two", "x"), ("three", "y")])).to_json()
    assert json.loads(json.dumps(alone)) == alone
    assert (alone["median_characters"], alone["valid"]) == (5, None)


def test_no_rows() -> None:
    with pytest.raises(EmptyTextError):
        inspect_source(source_of([]))
