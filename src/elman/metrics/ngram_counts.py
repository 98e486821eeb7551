"""The n-gram counts of BLEU and chrF for each row, so that a bootstrap sample only sums counts.

The reported scores are sacreBLEU's (`elman.metrics.generated_text`); these are for the bootstrap,
which needs each a thousand times.

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


WORDS = 4  # the maximum n-gram length of BLEU
CHARACTERS = 6  # that of chrF
BETA = 2  # recall counts BETA times as much as precision


def bleu_counts(answers: Sequence[str], targets: Sequence[str]) -> Integers:
    """(N, 10): words of answer and target, matching n-grams (4), n-grams of the answer (4)."""
    from sacrebleu.metrics.bleu import BLEU

    check_pairs(answers, targets)
    # Only the counts of a sentence are used; `effective_order` does not change them; it
    # suppresses a warning for each sentence.
    metric = BLEU(effective_order=True)
    counts = np.zeros((len(answers), 2 + 2 * WORDS), dtype=np.int64)
    for row, (answer, target) in enumerate(zip(answers, targets, strict=True)):
        score = metric.sentence_score(answer, [target])
        counts[row] = [score.sys_len, score.ref_len, *score.counts, *score.totals]
    return counts


def bleu_of(counts: Floats) -> Floats:
    """(..., 10) sums of `bleu_counts` -> (...) BLEU, 0 to 100, with sacreBLEU's defaults."""
    from sacrebleu.metrics.bleu import BLEU

    rows = counts.reshape(-1, counts.shape[-1]).astype(np.int64).tolist()
    scores = [
        BLEU.compute_bleu(
            matches[:WORDS], matches[WORDS:], words, target_words, smooth_method="exp"
        ).score
        for words, target_words, *matches in rows
    ]
    return np.array(scores).reshape(counts.shape[:-1])


def chrf_counts(answers: Sequence[str], targets: Sequence[str]) -> Integers:
    """(N, 18): for 1 to 6 characters without spaces, the n-grams of answer and target, and the
    matching ones."""
    check_pairs(answers, targets)
    counts = np.zeros((len(answers), CHARACTERS, 3), dtype=np.int64)
    for row, (answer, target) in enumerate(zip(answers, targets, strict=True)):
        predicted, gold = "".join(answer.split()), "".join(target.split())
        for n in range(1, CHARACTERS + 1):
            of_target, of_answer = _ngrams(gold, n), _ngrams(predicted, n)
            # As in sacreBLEU: with a target shorter than n, the answer's n-grams do not count.
            total = of_answer.total() if of_target else 0
            counts[row, n - 1] = total, of_target.total(), (of_target & of_answer).total()
    return counts.reshape(len(answers), -1)


def chrf_of(counts: Floats) -> Floats:
    """(..., 18) sums of `chrf_counts` -> (...) chrF2, 0 to 100 (Popović 2015, equation 1).

    Precision and recall are means over the n for which both sides have n-grams.
    """
    answers, targets, matches = np.moveaxis(
        counts.reshape(*counts.shape[:-1], CHARACTERS, 3), -1, 0
    )
    both = (answers > 0) & (targets > 0)
    orders = np.maximum(both.sum(axis=-1), 1)
    precision = np.where(both, matches / np.maximum(answers, 1), 0).sum(axis=-1) / orders
    recall = np.where(both, matches / np.maximum(targets, 1), 0).sum(axis=-1) / orders
    weighted = BETA**2 * precision + recall
    products = (1 + BETA**2) * precision * recall
    return np.asarray(100 * products / np.where(weighted > 0, weighted, 1))


def _ngrams(text: str, n: int) -> Counter[str]:
    return Counter(text[start : start + n] for start in range(len(text) - n + 1))
