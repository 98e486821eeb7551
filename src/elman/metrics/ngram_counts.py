"""What BLEU and chrF are computed from, row by row, so that a redrawn corpus is a matter of sums.

The scores that are reported are sacreBLEU's (`scoring.rewriting`); these serve the bootstrap, where
each is needed a thousand times.

Shapes: N rows, and any leading dimensions (...).
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from elman.metrics.generated_text import check_pairs

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Integers = npt.NDArray[np.integer[Any]]
    Floats = npt.NDArray[np.floating[Any]]


WORDS = 4  # BLEU's longest n-gram
CHARACTERS = 6  # chrF's
BETA = 2  # a recall counts BETA times as much as a precision


def bleu_counts(answers: Sequence[str], targets: Sequence[str]) -> Integers:
    """(N, 10): words of the answer and of its target; n-grams that match; n-grams of the answer."""
    from sacrebleu.metrics.bleu import BLEU

    check_pairs(answers, targets)
    # A sentence's own score is not used, only what it was computed from; `effective_order` changes
    # none of that, and keeps a warning from being logged for each sentence.
    metric = BLEU(effective_order=True)
    counts = np.zeros((len(answers), 2 + 2 * WORDS), dtype=np.int64)
    for row, (answer, target) in enumerate(zip(answers, targets, strict=True)):
        found = metric.sentence_score(answer, [target])
        counts[row] = [found.sys_len, found.ref_len, *found.counts, *found.totals]
    return counts


def bleu_of(counts: Floats) -> Floats:
    """(..., 10) sums of `bleu_counts` -> (...) BLEU, 0 to 100, as sacreBLEU has it by default."""
    from sacrebleu.metrics.bleu import BLEU

    rows = counts.reshape(-1, counts.shape[-1]).astype(np.int64).tolist()
    scores = [
        BLEU.compute_bleu(
            matches[:WORDS], matches[WORDS:], words, of_target, smooth_method="exp"
        ).score
        for words, of_target, *matches in rows
    ]
    return np.array(scores).reshape(counts.shape[:-1])


def chrf_counts(answers: Sequence[str], targets: Sequence[str]) -> Integers:
    """(N, 18): for 1 to 6 characters, spaces left out, the n-grams of the answer, of its target,
    and those that match."""
    check_pairs(answers, targets)
    counts = np.zeros((len(answers), CHARACTERS, 3), dtype=np.int64)
    for row, (answer, target) in enumerate(zip(answers, targets, strict=True)):
        ours, theirs = "".join(answer.split()), "".join(target.split())
        for n in range(1, CHARACTERS + 1):
            there, named = _ngrams(theirs, n), _ngrams(ours, n)
            # As sacreBLEU has it: where the target is shorter than n, the answer's do not count.
            seen = named.total() if there else 0
            counts[row, n - 1] = seen, there.total(), (there & named).total()
    return counts.reshape(len(answers), -1)


def chrf_of(counts: Floats) -> Floats:
    """(..., 18) sums of `chrf_counts` -> (...) chrF2, 0 to 100 (Popović 2015, equation 1).

    Precision and recall are means over those n that both sides have n-grams of.
    """
    ours, theirs, matches = np.moveaxis(counts.reshape(*counts.shape[:-1], CHARACTERS, 3), -1, 0)
    both = (ours > 0) & (theirs > 0)
    orders = np.maximum(both.sum(axis=-1), 1)
    precision = np.where(both, matches / np.maximum(ours, 1), 0).sum(axis=-1) / orders
    recall = np.where(both, matches / np.maximum(theirs, 1), 0).sum(axis=-1) / orders
    weighted = BETA**2 * precision + recall
    products = (1 + BETA**2) * precision * recall
    return np.asarray(100 * products / np.where(weighted > 0, weighted, 1))


def _ngrams(text: str, n: int) -> Counter[str]:
    return Counter(text[start : start + n] for start in range(len(text) - n + 1))
