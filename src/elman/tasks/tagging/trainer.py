"""Training of a tagger: its objective and validation metric."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from elman.metrics.tagging import span_counts, span_f1
from elman.nn.tagger import TaggerNetwork
from elman.tasks.tagging.config import RECIPE
from elman.tasks.tagging.dataset import SentenceDataset
from elman.tasks.tagging.inputs import TaggedSentences
from elman.tasks.tagging.objective import TaggingObjective
from elman.text.subword_hashing import HashedVocabulary, WordForms
from elman.text.tag_vocabulary import UNKNOWN, TagVocabulary
from elman.text.tagsets import Span, conlleval_spans

Numbers = npt.NDArray[np.integer[Any]]


def tag_objective(
    network: TaggerNetwork,
    lexicon: HashedVocabulary,
    vocabulary: TagVocabulary,
    train: TaggedSentences,
    held_out: TaggedSentences,
    *,
    seed: int,
) -> TaggingObjective:
    """The objective of the training set, validated on the sentences held out."""
    forms = WordForms(lexicon)
    return TaggingObjective(
        network,
        SentenceDataset(train.words, forms),
        SentenceDataset(held_out.words, forms),
        tags=[vocabulary.encode(tags) for tags in train.tags],
        validation_metric=validation_metric_for(vocabulary, held_out.tags),
        batch_size=RECIPE.batch_size,
        seed=seed,
    )


def validation_metric_for(
    vocabulary: TagVocabulary, tags: Sequence[Sequence[str]]
) -> Callable[[list[Numbers]], float]:
    """The validation loss as a function of the predicted tags.

    For plain tags it is the error rate of words. For entities it is 1 - span F1, since accuracy
    favours weights that find few entities; while F1 is 0, it is 1 + the error rate.

    Tags that training never saw are never predicted, so they count as errors.

    Args:
        vocabulary: of the tags.
        tags: of the validation set.
    """
    targets = [vocabulary.encode(each) for each in tags]
    words = sum(map(len, targets))

    def error_rate(predicted: list[Numbers]) -> float:
        pairs = zip(targets, predicted, strict=True)
        return sum(int((ours != theirs).sum()) for ours, theirs in pairs) / words

    def spans(rows: Sequence[Numbers]) -> list[list[Span]]:
        inner = vocabulary.inner
        return [conlleval_spans([inner[number] for number in row]) for row in rows]

    entities = [conlleval_spans(each) for each in tags]  # those of unseen labels too

    def span_loss(predicted: list[Numbers]) -> float:
        f1 = float(span_f1(span_counts(entities, spans(predicted)).sum(0)))
        return 1 - f1 if f1 > 0 else 1 + error_rate(predicted)

    return error_rate if vocabulary.scheme == "plain" else span_loss


def known_sentences(
    vocabulary: TagVocabulary, valid: TaggedSentences
) -> tuple[Sequence[Sequence[str]], Sequence[Sequence[str]], list[npt.NDArray[np.int64]]]:
    """Words, tags and ids of the validation sentences without unseen tags, which no scale of
    scores makes probable; if each has some, of all, with the first tag in their place."""
    ids = [vocabulary.encode(tags) for tags in valid.tags]
    known = [row for row, each in enumerate(ids) if UNKNOWN not in each] or range(len(ids))
    return (
        [valid.words[row] for row in known],
        [valid.tags[row] for row in known],
        [ids[row].clip(0) for row in known],
    )
