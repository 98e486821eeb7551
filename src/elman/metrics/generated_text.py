"""Scores of texts that a model wrote, against those that were to be written.

BLEU and chrF are sacreBLEU's own (Post 2018), with default settings and its signature: text goes in
as it is, neither tokenised nor lower-cased. Where texts are short, such as phonemes, the field
counts tokens that are wrong, and texts that are.

Shapes: N texts, of R_n references each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from elman.errors import EmptyTextError
from elman.metrics.counted import share

if TYPE_CHECKING:
    from collections.abc import Sequence, Sized

    import numpy.typing as npt

    Integers = npt.NDArray[np.integer[Any]]


Tokens = Literal["token", "character"]
"""What an edit changes: a token between spaces, such as a phoneme, or a character."""


class CorpusScore(NamedTuple):
    """A score from 0 to 100, and sacreBLEU's signature, from which anyone can compute it again."""

    value: float
    signature: str


def bleu(answers: Sequence[str], targets: Sequence[str]) -> CorpusScore:
    """BLEU (Papineni et al. 2002) of N answers. Where no target has four words it is 0.

    Raises:
        ValueError: another number of targets.
        EmptyTextError: no answer.
    """
    from sacrebleu.metrics.bleu import BLEU

    # `force` keeps it from logging that a text looks tokenised; it is no part of the signature.
    return _corpus_score(BLEU(force=True), answers, targets)


def chrf(answers: Sequence[str], targets: Sequence[str]) -> CorpusScore:
    """chrF2 (Popović 2015), of 1 to 6 characters, of N answers.

    Raises:
        ValueError: another number of targets.
        EmptyTextError: no answer.
    """
    from sacrebleu.metrics.chrf import CHRF

    return _corpus_score(CHRF(), answers, targets)


def _corpus_score(metric: Any, answers: Sequence[str], targets: Sequence[str]) -> CorpusScore:
    check_pairs(answers, targets)
    value = metric.corpus_score(list(answers), [list(targets)]).score
    return CorpusScore(float(value), str(metric.get_signature()))


def exact_match(answers: Sequence[str], targets: Sequence[str]) -> float:
    """The share of N answers that equal their targets to the last character.

    Raises:
        ValueError: another number of targets.
        EmptyTextError: no answer.
    """
    return float(share(match_counts(answers, targets).sum(axis=0)))


def token_error_rate(
    answers: Sequence[str], references: Sequence[Sequence[str]], tokens: Tokens = "character"
) -> float:
    """Edits that the answers need, for each token of their references: sum over sum.

    Of an answer's references the nearest counts, with its length; see `edit_counts`. With phonemes
    as tokens it is the phoneme error rate.

    Raises:
        ValueError: another number of rows of references, or a row without any.
        EmptyTextError: no answer.
    """
    return float(share(edit_counts(answers, references, tokens).sum(axis=0)))


def word_error_rate(
    answers: Sequence[str], references: Sequence[Sequence[str]], tokens: Tokens = "character"
) -> float:
    """The share of answers that match none of their references.

    It is what the word error rate means where each text is the pronunciation of one word.

    Raises:
        ValueError: another number of rows of references, or a row without any.
        EmptyTextError: no answer.
    """
    return float(share(wrong_counts(edit_counts(answers, references, tokens)).sum(axis=0)))


def match_counts(answers: Sequence[str], targets: Sequence[str]) -> Integers:
    """(N, 2) for `share`: whether each answer equals its target, and 1."""
    check_pairs(answers, targets)
    return np.array([(a == b, 1) for a, b in zip(answers, targets, strict=True)], dtype=np.int64)


def edit_counts(
    answers: Sequence[str], references: Sequence[Sequence[str]], tokens: Tokens = "character"
) -> Integers:
    """(N, 2) for `share`: the edits to the nearest reference, and the tokens it has.

    An edit inserts, deletes or replaces a token (Levenshtein 1966). Of references that are equally
    near the longest is taken, in whatever order they are.

    Raises:
        ValueError: another number of rows of references, or a row without any.
        EmptyTextError: no answer.
    """
    from rapidfuzz.distance import Levenshtein

    check_pairs(answers, references)
    counts = np.zeros((len(answers), 2), dtype=np.int64)
    for row, (answer, listed) in enumerate(zip(answers, references, strict=True)):
        if not listed:
            raise ValueError(f"row {row} has no reference")
        ours = _cut(answer, tokens)
        theirs = [_cut(reference, tokens) for reference in listed]
        found = [(Levenshtein.distance(ours, each), -len(each)) for each in theirs]
        edits, length = min(found)
        counts[row] = edits, -length
    return counts


def wrong_counts(edits: Integers) -> Integers:
    """(N, 2) of `edit_counts` -> (N, 2) for `share`: whether there was any edit, and 1."""
    return np.stack([edits[:, 0] > 0, np.ones(len(edits))], axis=1).astype(np.int64)


def _cut(text: str, tokens: Tokens) -> Sequence[str]:
    return text.split() if tokens == "token" else text


class GroupedReferences(NamedTuple):
    """Rows by their sources: (M,) the first row of each distinct source, and its targets."""

    rows: list[int]
    references: list[list[str]]


def grouped(sources: Sequence[str], targets: Sequence[str]) -> GroupedReferences:
    """Rows with the same source have each other's targets as references.

    Sources stand in the order in which they are first met, and so do the distinct targets of each.

    Raises:
        ValueError: another number of targets.
        EmptyTextError: no source.
    """
    check_pairs(sources, targets)
    rows: dict[str, int] = {}
    references: dict[str, dict[str, None]] = {}
    for row, (source, target) in enumerate(zip(sources, targets, strict=True)):
        rows.setdefault(source, row)
        references.setdefault(source, {})[target] = None
    return GroupedReferences(list(rows.values()), [list(each) for each in references.values()])


def check_pairs(answers: Sized, others: Sized) -> None:
    """As many on either side, and some.

    Raises:
        ValueError: another number.
        EmptyTextError: none.
    """
    if len(answers) != len(others):
        raise ValueError(f"{len(answers)} texts, but {len(others)} beside them")
    if not len(answers):
        raise EmptyTextError("no text to score")
