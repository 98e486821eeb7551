"""Metrics of taggers: accuracy of words, and precision, recall and F1 of entities.

An entity is correct if its first word, its last word and its label are. Entities are read from tags
strictly, by their scheme, or as conlleval does; see `elman.text.tagsets`.

Shapes: N sentences.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from elman.metrics.classification import ClassScores

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    import numpy.typing as npt

    from elman.text.tagsets import Span

    Floats = npt.NDArray[np.floating[Any]]
    Integers = npt.NDArray[np.integer[Any]]
    Sentences = Sequence[Sequence[str]]
    Spans = Sequence[Collection[Span]]


MISTAKES = 20  # reported, at most


@dataclass(frozen=True)
class Entity:
    """How often these words with this label were missed, or predicted wrongly."""

    label: str
    words: str
    count: int


def word_counts(gold: Sentences, predicted: Sentences) -> Integers:
    """(N, 2) the correctly tagged words of each sentence, and all its words.

    Raises:
        ValueError: the numbers of sentences, or of tags in one, differ.
    """
    counts = [
        (sum(a == b for a, b in zip(*pair, strict=True)), len(pair[0]))
        for pair in zip(gold, predicted, strict=True)
    ]
    return np.array(counts, dtype=np.int64).reshape(-1, 2)


def span_counts(gold: Spans, predicted: Spans) -> Integers:
    """(N, 3) the correct, the predicted and the gold entities of each sentence.

    Raises:
        ValueError: the numbers of sentences differ.
    """
    counts = [
        (len({*spans} & {*found}), len(found), len(spans))
        for spans, found in zip(gold, predicted, strict=True)
    ]
    return np.array(counts, dtype=np.int64).reshape(-1, 3)


def span_f1(counts: Floats) -> Floats:
    """The harmonic mean of precision and recall: (..., 3) sums of `span_counts` -> (...).

    Without any entity it is 0, as in conlleval.
    """
    correct, predicted, gold = np.moveaxis(counts, -1, 0)
    return np.asarray(2 * correct / np.maximum(predicted + gold, 1))


def entity_table(gold: Spans, predicted: Spans) -> list[ClassScores]:
    """One row for each label of entities, sorted by name; 0 / 0 counts as 0."""
    pairs = zip(gold, predicted, strict=True)
    correct = _labels({*spans} & {*found} for spans, found in pairs)
    of_gold, of_predicted = _labels(gold), _labels(predicted)
    return [
        ClassScores(
            label,
            precision=correct[label] / max(of_predicted[label], 1),
            recall=correct[label] / max(of_gold[label], 1),
            f1=2 * correct[label] / (of_predicted[label] + of_gold[label]),
            support=of_gold[label],
        )
        for label in sorted({*of_gold, *of_predicted})
    ]


def missed(words: Sentences, gold: Spans, predicted: Spans, limit: int = MISTAKES) -> list[Entity]:
    """The gold entities that were not predicted, the most frequent first.

    For the spurious entities, exchange `gold` and `predicted`.
    """
    counts = Counter(
        (span.label, " ".join(sentence[span.start : span.end]))
        for sentence, spans, found in zip(words, gold, predicted, strict=True)
        for span in {*spans} - {*found}
    )
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [Entity(label, text, count) for (label, text), count in ranked[:limit]]


def _labels(sentences: Iterable[Collection[Span]]) -> Counter[str]:
    return Counter(span.label for spans in sentences for span in spans)
