"""A tagger's report, and its baseline's beside it."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any

from elman.errors import EmptyTextError
from elman.metrics.classification import class_table
from elman.metrics.counted import CountedMetric, fraction
from elman.metrics.report import Evaluation
from elman.metrics.tagging import entity_table, missed, span_counts, span_f1, word_counts
from elman.text.tagsets import conlleval_spans, detect_scheme, spans

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from elman.metrics.tagging import Sentences
    from elman.tasks.tagging.baseline import MostFrequentTag
    from elman.text.tagsets import Span


def evaluate_tags(
    words: Sentences,
    gold: Sentences,
    predicted: Sentences,
    baseline: MostFrequentTag | None = None,
    *,
    scheme: str | None = None,
    warnings: tuple[str, ...] = (),
) -> Evaluation:
    """Score a tagger on N sentences, and a baseline on the very same ones.

    Args:
        words: of each sentence.
        gold: their tags.
        predicted: the tagger's, in the same scheme.
        baseline: fitted to what the tagger learned from.
        scheme: of the tags; recognised from `gold` where it is None.
        warnings: what a reader should know.

    Raises:
        ValueError: another number of sentences, words or tags.
        SettingError: no such scheme.
        EmptyTextError: no word.
    """
    if not any(words):
        raise EmptyTextError("no tagged word to score")
    scheme = detect_scheme(gold) if scheme is None else scheme
    figures = _figures(gold, predicted, scheme)
    scores = {name: figure.score() for name, figure in figures.items()}
    examples = int(figures["accuracy"].counts[:, 1].sum())
    details = _details(words, gold, predicted, scheme)
    if baseline is None:
        return Evaluation("tag", examples, scores, warnings=warnings, details=details)

    others = _figures(gold, baseline.predict(words), scheme)
    named = {"name": baseline.name} | {name: other.score() for name, other in others.items()}
    interval = {name: figures[name].interval(others[name]) for name in figures}
    return Evaluation("tag", examples, scores, named, interval, warnings, details)


def _figures(gold: Sentences, predicted: Sentences, scheme: str) -> dict[str, CountedMetric]:
    figures = {"accuracy": CountedMetric(fraction, word_counts(gold, predicted))}
    if scheme != "plain":
        readings: dict[str, Callable[[Sequence[str]], list[Span]]] = {
            "span_f1": partial(spans, scheme=scheme),
            "span_f1_conlleval": conlleval_spans,
        }
        for name, read in readings.items():
            there, named = ([read(tags) for tags in side] for side in (gold, predicted))
            figures[name] = CountedMetric(span_f1, span_counts(there, named))
    return figures


def _details(
    words: Sentences, gold: Sentences, predicted: Sentences, scheme: str
) -> dict[str, Any]:
    if scheme == "plain":
        table = class_table(*(list(chain.from_iterable(side)) for side in (gold, predicted)))
        return {"scheme": scheme, "tags": [asdict(row) for row in table]}
    there, named = ([spans(tags, scheme) for tags in side] for side in (gold, predicted))
    return {
        "scheme": scheme,
        "entities": [asdict(row) for row in entity_table(there, named)],
        "missed": [asdict(entity) for entity in missed(words, there, named)],
        "spurious": [asdict(entity) for entity in missed(words, named, there)],
    }
