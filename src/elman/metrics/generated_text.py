"""Metrics of generated texts against their references.

sacreBLEU (Post 2018) computes BLEU and chrF with default settings and a signature; the text is
neither tokenized nor lower-cased before. Short texts, such as phonemes, have error rates of tokens
and of texts.

Shapes: N texts, of R_n references each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from elman.errors import EmptyTextError
from elman.metrics.counted import fraction

if TYPE_CHECKING:
    from collections.abc import Sequence, Sized

    import numpy.typing as npt

    Integers = npt.NDArray[np.integer[Any]]


Tokens = Literal["token", "character"]
"""The units of an edit: tokens between spaces, such as phonemes, or characters."""


class CorpusScore(NamedTuple):
    """A score from 0 to 100, and sacreBLEU's signature, with which it can be reproduced."""

    value: float
    signature: str


def bleu(answers: Sequence[str], targets: Sequence[str]) -> CorpusScore:
    """BLEU (Papineni et al. 2002) of N answers. It is 0 if no target has four words.

    Raises:
        ValueError: the numbers of texts differ.
        EmptyTextError: there are no texts.
    """
    from sacrebleu.metrics.bleu import BLEU

    # `force` suppresses a warning about tokenized text; it is not part of the signature.
    return _corpus_score(BLEU(force=True), answers, targets)


def chrf(answers: Sequence[str], targets: Sequence[str]) -> CorpusScore:
    """chrF2 (Popović 2015), of 1 to 6 characters, of N answers.

    Raises:
        ValueError: the numbers of texts differ.
        EmptyTextError: there are no texts.
    """
    from sacrebleu.metrics.chrf import CHRF

    return _corpus_score(CHRF(), answers, targets)


def _corpus_score(metric: Any, answers: Sequence[str], targets: Sequence[str]) -> CorpusScore:
    check_pairs(answers, targets)
    value = metric.corpus_score(list(answers), [list(targets)]).score
    return CorpusScore(float(value), str(metric.get_signature()))


def exact_match(answers: Sequence[str], targets: Sequence[str]) -> float:
    """The fraction of answers that equal their targets.

    Raises:
        ValueError: the numbers of texts differ.
        EmptyTextError: there are no texts.
    """
    return float(fraction(match_counts(answers, targets).sum(axis=0)))


def token_error_rate(
    answers: Sequence[str], references: Sequence[Sequence[str]], tokens: Tokens = "character"
) -> float:
    """All edits of the answers over all tokens of their references.

    Each answer is compared to its nearest reference; see `edit_counts`. With phonemes as tokens
    it is the phoneme error rate.

    Raises:
        ValueError: the numbers of rows differ, or a row has no reference.
        EmptyTextError: there are no texts.
    """
    return float(fraction(edit_counts(answers, references, tokens).sum(axis=0)))


def word_error_rate(
    answers: Sequence[str], references: Sequence[Sequence[str]], tokens: Tokens = "character"
) -> float:
    """The fraction of answers that equal none of their references.

    This is the word error rate of texts that are pronunciations of one word.

    Raises:
        ValueError: the numbers of rows differ, or a row has no reference.
        EmptyTextError: there are no texts.
    """
    return float(fraction(wrong_counts(edit_counts(answers, references, tokens)).sum(axis=0)))


def match_counts(answers: Sequence[str], targets: Sequence[str]) -> Integers:
    """(N, 2) for `fraction`: whether each answer equals its target, and 1."""
    check_pairs(answers, targets)
    return np.array([(a == b, 1) for a, b in zip(answers, targets, strict=True)], dtype=np.int64)


def edit_counts(
    answers: Sequence[str], references: Sequence[Sequence[str]], tokens: Tokens = "character"
) -> Integers:
    """(N, 2) for `fraction`: the edits to the nearest reference, and its tokens.

    An edit inserts, deletes or replaces a token (Levenshtein 1966). Among equally
    near references the longest counts.

    Raises:
        ValueError: the numbers of rows differ, or a row has no reference.
        EmptyTextError: there are no texts.
    """
    from rapidfuzz.distance import Levenshtein

    check_pairs(answers, references)
    counts = np.zeros((len(answers), 2), dtype=np.int64)
    for row, (answer, listed) in enumerate(zip(answers, references, strict=True)):
        if not listed:
            raise ValueError(f"row {row} has no reference")
        units = _units(answer, tokens)
        candidates = [_units(reference, tokens) for reference in listed]
        edits, length = min((Levenshtein.distance(units, each), -len(each)) for each in candidates)
        counts[row] = edits, -length
    return counts


def wrong_counts(edits: Integers) -> Integers:
    """(N, 2) of `edit_counts` -> (N, 2) for `fraction`: whether there was any edit, and 1."""
    return np.stack([edits[:, 0] > 0, np.ones(len(edits))], axis=1).astype(np.int64)


def _units(text: str, tokens: Tokens) -> Sequence[str]:
    return text.split() if tokens == "token" else text


class GroupedReferences(NamedTuple):
    """(M,) the first row of each distinct source, and the distinct targets of that source."""

    rows: list[int]
    references: list[list[str]]


def group_references(sources: Sequence[str], targets: Sequence[str]) -> GroupedReferences:
    """Use the targets of all rows with the same source as references.

    Sources, and the targets of each, are in the order of their first occurrence.

    Raises:
        ValueError: the numbers of texts differ.
        EmptyTextError: there are no texts.
    """
    check_pairs(sources, targets)
    rows: dict[str, int] = {}
    references: dict[str, dict[str, None]] = {}
    for row, (source, target) in enumerate(zip(sources, targets, strict=True)):
        rows.setdefault(source, row)
        references.setdefault(source, {})[target] = None
    return GroupedReferences(list(rows.values()), [list(each) for each in references.values()])


def check_pairs(answers: Sized, others: Sized) -> None:
    """Check that both have the same length, at least 1.

    Raises:
        ValueError: the lengths differ.
        EmptyTextError: they are empty.
    """
    if len(answers) != len(others):
        raise ValueError(f"{len(answers)} texts, but {len(others)} targets or references")
    if not len(answers):
        raise EmptyTextError("no text to score")
