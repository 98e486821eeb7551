"""Metrics of generated texts against sacreBLEU and a plain recursion; counts that sum to scores."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sacrebleu import corpus_bleu, corpus_chrf

from elman.errors import EmptyTextError
from elman.metrics.counted import CountedMetric
from elman.metrics.generated_text import (
    bleu,
    chrf,
    edit_counts,
    exact_match,
    group_references,
    token_error_rate,
    word_error_rate,
)
from elman.metrics.ngram_counts import bleu_counts, bleu_of, chrf_counts, chrf_of

WORDS = ["the", "a", "cat", "sat", "on", "mat", "mat.", "naïve", "日本", "(I", "3.5", ""]
texts = st.lists(st.sampled_from(WORDS), max_size=9).map(" ".join)
pairs = st.lists(st.tuples(texts, texts), min_size=1, max_size=6)
short = st.text("abc ", max_size=6)


def sides(drawn):
    return [list(side) for side in zip(*drawn, strict=True)]


@settings(deadline=None)
@given(pairs)
def test_bleu_and_chrf_equal_sacrebleu(drawn):
    answers, targets = sides(drawn)
    for ours, theirs in ((bleu, corpus_bleu), (chrf, corpus_chrf)):
        assert ours(answers, targets).value == theirs(answers, [targets]).score


@settings(deadline=None)
@given(pairs, pairs)
def test_summed_counts_give_the_scores(drawn, more):
    """For one corpus, and for several at once, as in the bootstrap."""
    for score, of, counts in ((bleu, bleu_of, bleu_counts), (chrf, chrf_of, chrf_counts)):
        sums = [counts(*sides(each)).sum(axis=0) for each in (drawn, more, drawn + more)]
        expected = [score(*sides(each)).value for each in (drawn, more, drawn + more)]
        assert of(np.array(sums) * 1.0) == pytest.approx(expected, abs=1e-9)
        assert CountedMetric(of, counts(*sides(drawn))).score() == pytest.approx(
            expected[0], abs=1e-9
        )


def test_signatures_are_those_of_the_defaults():
    """For any number of texts."""
    for answers in (["a b"], ["a b", "c"]):
        signature = bleu(answers, answers).signature
        assert signature.startswith("nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:2.")
        signature = chrf(answers, answers).signature
        assert signature.startswith("nrefs:1|case:mixed|eff:yes|nc:6|nw:0|space:no|version:2.")


def test_nothing_is_logged(caplog):
    answers = ["it is tokenised ."] * 200
    bleu(answers, answers)
    bleu_counts(answers, answers)
    assert not caplog.records


@cache
def distance(a, b):
    """The Levenshtein distance, by its definition."""
    if not a or not b:
        return len(a) + len(b)
    return min(
        distance(a[1:], b) + 1, distance(a, b[1:]) + 1, distance(a[1:], b[1:]) + (a[0] != b[0])
    )


rows = st.lists(st.tuples(short, st.lists(short, min_size=1, max_size=3)), min_size=1, max_size=4)


@settings(deadline=None)
@given(rows, st.sampled_from(["token", "character"]), st.randoms())
def test_edits_are_counted_to_the_nearest_reference(drawn, tokens, random):
    answers, references = sides(drawn)
    result = edit_counts(answers, references, tokens)
    for (answer, listed), (edits, length) in zip(drawn, result.tolist(), strict=True):
        cut = [tuple(t.split() if tokens == "token" else t) for t in (answer, *listed)]
        distances = [distance(cut[0], reference) for reference in cut[1:]]
        assert edits == min(distances)
        near = [len(r) for r, d in zip(cut[1:], distances, strict=True) if d == edits]
        assert length == max(near)
    for listed in references:
        random.shuffle(listed)
    assert (edit_counts(answers, references, tokens) == result).all()


def test_error_rates_by_hand():
    answers = ["K AO R S", "AA K AH N", "B AW T"]
    references = [["K AO R S"], ["AA K AH N ER", "AA K"], ["B AW", "P AA T S"]]
    # 0 of 4, 1 of 5, 1 of 2: a ratio of sums, not the mean of ratios.
    assert token_error_rate(answers, references, "token") == pytest.approx(2 / 11)
    assert word_error_rate(answers, references, "token") == pytest.approx(2 / 3)
    assert word_error_rate(["B  AW"], [["B AW"]], "token") == 0
    assert word_error_rate(["B  AW"], [["B AW"]], "character") == 1
    assert token_error_rate(["sevn", "two"], [["seven"], ["two"]]) == pytest.approx(1 / 8)
    assert token_error_rate(["ab"], [[""]]) == 2
    assert exact_match(["seven", "two", "Two"], ["seven", "two", "two"]) == pytest.approx(2 / 3)


def test_rows_with_the_same_source_are_grouped():
    sources = ["read", "lead", "read", "read"]
    result = group_references(sources, ["R EH D", "L EH D", "R IY D", "R EH D"])
    assert result.rows == [0, 1]
    assert result.references == [["R EH D", "R IY D"], ["L EH D"]]


@pytest.mark.parametrize(
    "score", [bleu, chrf, exact_match, group_references, bleu_counts, chrf_counts]
)
def test_mismatched_or_empty_texts_are_refused(score):
    with pytest.raises(ValueError, match="2 texts, but 1 targets or references"):
        score(["a", "b"], ["a"])
    with pytest.raises(EmptyTextError):
        score([], [])


def test_mismatched_or_empty_references_are_refused():
    with pytest.raises(ValueError, match="1 texts, but 2 targets"):
        edit_counts(["a"], [["a"], ["b"]])
    with pytest.raises(ValueError, match="row 1 has no reference"):
        edit_counts(["a", "b"], [["a"], []])
