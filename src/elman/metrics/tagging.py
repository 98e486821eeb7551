"""Scores of a tagger: words whose tag is right, and entities that were found.

An entity is found if its first word, its last and its label are right. Whether a stretch of tags
is an entity is read strictly (only as its scheme has it) or as conlleval does; see
`elman.text.tagsets`.

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


MISTAKES = 20  # shown


@dataclass(frozen=True)
class Entity:
    """How often these words, with this label, were missed or found where they are none."""

    label: str
    words: str
    count: int


def word_counts(gold: Sentences, predicted: Sentences) -> Integers:
    """(N, 2) the words of each sentence whose tag is right, and all of its words.

    Raises:
        ValueError: another number of sentences, or of tags in one.
    """
    counts = [
        (sum(a == b for a, b in zip(*pair, strict=True)), len(pair[0]))
        for pair in zip(gold, predicted, strict=True)
    ]
    return np.array(counts, dtype=np.int64).reshape(-1, 2)


def span_counts(gold: Spans, predicted: Spans) -> Integers:
    """(N, 3) the entities of each sentence that were found, were predicted, and are there.

    Raises:
        ValueError: another number of sentences.
    """
    counts = [
        (len({*ours} & {*theirs}), len(theirs), len(ours))
        for ours, theirs in zip(gold, predicted, strict=True)
    ]
    return np.array(counts, dtype=np.int64).reshape(-1, 3)


def span_f1(counts: Floats) -> Floats:
    """The harmonic mean of precision and recall: (..., 3) sums of `span_counts` -> (...).

    Without any entity it is 0, as conlleval has it.
    """
    found, predicted, there = np.moveaxis(counts, -1, 0)
    return np.asarray(2 * found / np.maximum(predicted + there, 1))


def entity_table(gold: Spans, predicted: Spans) -> list[ClassScores]:
    """A row for each label of entities, by name; 0 stands for 0 / 0."""
    pairs = zip(gold, predicted, strict=True)
    found = _labels({*ours} & {*theirs} for ours, theirs in pairs)
    there, named = _labels(gold), _labels(predicted)
    return [
        ClassScores(
            label,
            precision=found[label] / max(named[label], 1),
            recall=found[label] / max(there[label], 1),
            f1=2 * found[label] / (named[label] + there[label]),
            support=there[label],
        )
        for label in sorted({*there, *named})
    ]


def missed(words: Sentences, gold: Spans, predicted: Spans, most: int = MISTAKES) -> list[Entity]:
    """The entities that are there and were not found, the most frequent first.

    The spurious ones are those that `predicted` has and `gold` has not: the same function with the
    two exchanged.
    """
    counts = Counter(
        (span.label, " ".join(sentence[span.start : span.end]))
        for sentence, ours, theirs in zip(words, gold, predicted, strict=True)
        for span in {*ours} - {*theirs}
    )
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [Entity(label, text, count) for (label, text), count in ranked[:most]]


def _labels(sentences: Iterable[Collection[Span]]) -> Counter[str]:
    return Counter(span.label for spans in sentences for span in spans)
