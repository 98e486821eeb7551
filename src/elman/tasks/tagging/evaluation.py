"""The evaluation of a tagger and its baseline."""

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
    from collections.abc import Callable, Mapping, Sequence

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
    parts: Mapping[str, Sentences] | None = None,
) -> Evaluation:
    """Score a tagger and a baseline on the same N sentences.

    Args:
        words: of each sentence.
        gold: their tags.
        predicted: tags of the tagger, in the same scheme.
        baseline: fitted to the training data of the tagger; None for none.
        scheme: of the tags; None: detected from `gold`.
        warnings: included in the report.
        parts: tags by each part of the tagger alone, by its name.

    Raises:
        ValueError: the numbers of sentences, words or tags differ.
        SettingError: the scheme is unknown.
        EmptyTextError: there are no words.
    """
    if not any(words):
        raise EmptyTextError("no tagged word to score")
    scheme = detect_scheme(gold) if scheme is None else scheme
    metrics = _metrics(gold, predicted, scheme)
    scores = {name: metric.score() for name, metric in metrics.items()}
    examples = int(metrics["accuracy"].counts[:, 1].sum())
    details = _details(words, gold, predicted, scheme)
    if parts:
        details["alone"] = _alone(metrics, gold, parts, scheme)
    if baseline is None:
        return Evaluation("tag", examples, scores, warnings=warnings, details=details)

    others = _metrics(gold, baseline.predict(words), scheme)
    named = {"name": baseline.name} | {name: other.score() for name, other in others.items()}
    interval = {name: metrics[name].interval(others[name]) for name in metrics}
    return Evaluation("tag", examples, scores, named, interval, warnings, details)


def _metrics(gold: Sentences, predicted: Sentences, scheme: str) -> dict[str, CountedMetric]:
    metrics = {"accuracy": CountedMetric(fraction, word_counts(gold, predicted))}
    if scheme != "plain":
        span_readers: dict[str, Callable[[Sequence[str]], list[Span]]] = {
            "span_f1": partial(spans, scheme=scheme),
            "span_f1_conlleval": conlleval_spans,
        }
        for name, read in span_readers.items():
            gold_spans, found = ([read(tags) for tags in side] for side in (gold, predicted))
            metrics[name] = CountedMetric(span_f1, span_counts(gold_spans, found))
    return metrics


def _alone(
    metrics: dict[str, CountedMetric], gold: Sentences, parts: Mapping[str, Sentences], scheme: str
) -> dict[str, Any]:
    """The main score of each part alone, and the interval of the whole tagger's gain over it."""
    name = "accuracy" if scheme == "plain" else "span_f1"
    alone = {}
    for part, predicted in parts.items():
        its = _metrics(gold, predicted, scheme)[name]
        alone[part] = {name: its.score(), "gain": list(metrics[name].interval(its))}
    return alone


def _details(
    words: Sentences, gold: Sentences, predicted: Sentences, scheme: str
) -> dict[str, Any]:
    if scheme == "plain":
        table = class_table(*(list(chain.from_iterable(side)) for side in (gold, predicted)))
        return {"scheme": scheme, "tags": [asdict(row) for row in table]}
    gold_spans, found = ([spans(tags, scheme) for tags in side] for side in (gold, predicted))
    return {
        "scheme": scheme,
        "entities": [asdict(row) for row in entity_table(gold_spans, found)],
        "missed": [asdict(entity) for entity in missed(words, gold_spans, found)],
        "spurious": [asdict(entity) for entity in missed(words, found, gold_spans)],
    }
