"""A first look at pairs, against the plainest counting."""

from __future__ import annotations

import json
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.data.stats import Lengths
from elman.errors import EmptyTextError
from elman.tasks.translation.inspect import inspect_source
from elman.text.files import TextSource
from elman.text.pairs import PairSource

texts = st.text(st.sampled_from("ab "), min_size=1, max_size=9).filter(str.strip).map(str.strip)
rows = st.lists(st.tuples(texts, texts), min_size=1, max_size=12)


def source_of(pairs: list[tuple[str, str]]) -> PairSource:
    return PairSource.from_pairs(*zip(*pairs, strict=True))


def agree(report: Lengths, counts: list[int]) -> None:
    assert report.longest == max(counts)
    for length, share in ((report.median, 0.5), (report.long, 0.95)):
        assert sum(each <= length for each in counts) >= share * len(counts)
        assert sum(each < length for each in counts) < share * len(counts)


@given(train=rows, valid=rows)
def test_counts_agree_with_plain_python(
    train: list[tuple[str, str]], valid: list[tuple[str, str]]
) -> None:
    report = inspect_source(source_of(train), source_of(valid))
    assert (report.rows, report.valid.examples) == (len(train), len(valid))
    agree(report.source_words, [len(source.split()) for source, _ in train])
    agree(report.target_words, [len(target.split()) for _, target in train])
    agree(report.source_characters, [len(source) for source, _ in train])
    agree(report.target_characters, [len(target) for _, target in train])
    ratios = [len(target) / len(source) for source, target in train]
    usual = statistics.median(ratios)
    assert report.ratio == pytest.approx(usual)
    far = [
        index
        for index, ratio in enumerate(ratios, start=1)
        if max(ratio / usual, usual / ratio) > 3 + 1e-9
    ]
    near = [index for index, ratio in enumerate(ratios) if abs(ratio / usual - 3) < 1e-9]
    if not near and not [each for each in ratios if abs(usual / each - 3) < 1e-9]:
        assert report.suspicious == len(far)
        assert report.first_suspicious == (f"the texts given:{far[0]}" if far else None)
    assert report.duplicates == len(train) - len(set(train))
    by_source = {source: {b for a, b in train if a == source} for source, _ in train}
    assert report.ambiguous_sources == sum(len(each) > 1 for each in by_source.values())
    assert report.copies == sum(source == target for source, target in train)
    assert report.valid.in_both == sum(source in by_source for source, _ in valid)


def test_what_is_suspicious_is_named_and_bad_rows_are_counted() -> None:
    table = "source,target\n" + "abc,abcd\n" * 5 + "bad\nabc,x\n" + "abcdefghi,x\nabc,abc\nbad\n"
    train = PairSource(TextSource.from_texts([table]), skip_bad_rows=True)
    valid = PairSource(TextSource.from_texts(["de,en\nabc,x\nb\nc\n"]), skip_bad_rows=True)
    report = inspect_source(train, valid)
    assert (report.suspicious, report.first_suspicious) == (2, "text 1:8")
    assert (report.rows, report.skipped) == (8, 2)
    assert (report.valid.examples, report.valid.skipped) == (1, 2)
    assert train.skipped == 2
    assert (report.layout, report.copies, report.valid.in_both) == ("CSV, source -> target", 1, 1)


def test_it_is_plain_data() -> None:
    alone = inspect_source(source_of([("one two", "x"), ("three", "y")])).to_json()
    assert json.loads(json.dumps(alone)) == alone
    assert alone["source_words"] == {"median": 1, "long": 2, "longest": 2}
    assert (alone["valid"], alone["first_suspicious"]) == (None, None)


def test_no_pairs() -> None:
    with pytest.raises(EmptyTextError):
        inspect_source(PairSource.from_pairs([], []))
