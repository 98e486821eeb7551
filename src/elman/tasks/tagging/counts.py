"""The counts of a tagger: a linear model of words in context, fitted before its network is trained.

Shapes: T words of a sentence.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from elman.counts.linear_chain import BATCH, learn
from elman.errors import ModelFileError
from elman.tasks.tagging.config import allowed_of
from elman.tasks.tagging.inputs import TaggedSentences
from elman.text.context_features import FEATURES, ContextHasher
from elman.text.tag_vocabulary import TagVocabulary

if TYPE_CHECKING:
    from elman.nn.tagger import LinearTagger

EPOCHS = 3
"""More gained nothing on the validation sets, and a fourth of the time is a network's epoch."""

WORDS_A_MINUTE = 150_000
"""The most words to learn from for each minute of the budget, a tenth of it, about."""

FEW_TAGS = 64
"""With more tags than these a word takes longer."""

MOST_BUCKETS = 2**20


def fit(
    train: TaggedSentences,
    vocabulary: TagVocabulary,
    *,
    most_bytes: int,
    minutes: float | None,
    seed: int,
) -> LinearTagger:
    """Learn the linear model.

    Args:
        train: the training set.
        vocabulary: of its tags.
        most_bytes: of the linear model in a file.
        minutes: of the whole training; None: there is no limit.
        seed: of the order of the sentences.
    """
    import torch

    from elman.nn.crf import Transitions
    from elman.nn.tagger import LinearTagger

    allowed = vocabulary.transitions
    kinds = len(allowed.start)
    order = np.random.default_rng(seed).permutation(len(train.words))
    words = math.inf
    if minutes is not None:
        words = minutes * WORDS_A_MINUTE * min(1, FEW_TAGS / kinds)
        read = np.cumsum([len(train.words[index]) for index in order.tolist()])
        order = order[: max(BATCH, int(np.searchsorted(read, words)))]
    chosen = np.sort(order).tolist()
    hasher = ContextHasher()
    hashes = [hasher.rows(train.words[index]) for index in chosen]
    distinct = len(np.unique(np.concatenate(hashes)))
    transitions = 4 * kinds * (kinds + 3)  # bytes of the CRF, and of the biases
    buckets = buckets_of(distinct, most=max(1, (most_bytes - transitions) // (4 * kinds)))
    epoch = -(-len(hashes) // BATCH)
    steps = EPOCHS * epoch
    if words < EPOCHS * sum(map(len, hashes)):
        steps = max(1, int(words * epoch / sum(map(len, hashes))))
    learned = learn(
        [rows % buckets for rows in hashes],
        [vocabulary.encode(train.tags[index]) for index in chosen],
        allowed,
        buckets,
        steps=steps,
        seed=seed,
    )
    model = LinearTagger(buckets, allowed_of(vocabulary))
    with torch.no_grad():
        model.weight.copy_(learned.weight)
        for name, part in zip(Transitions._fields, learned.chain, strict=True):
            getattr(model.crf, name).copy_(torch.from_numpy(part))
    return model


def buckets_of(features: int, most: int) -> int:
    """A power of two from half the number of distinct features, at least, to `most`, if it can."""
    buckets = 1
    while buckets < features and 2 * buckets <= min(most, MOST_BUCKETS):
        buckets *= 2
    return buckets


def check(stored: object) -> int:
    """The buckets of the linear model that a model file describes; 0 for none.

    Raises:
        ModelFileError: it is not such a description.
    """
    match stored:
        case None:
            return 0
        case {"features": features, "buckets": buckets, **others} if (
            not others
            and features == FEATURES
            and type(buckets) is int
            and 1 <= buckets <= MOST_BUCKETS
        ):
            return buckets
    raise ModelFileError("its counts are malformed")


def contents(buckets: int) -> dict[str, int] | None:
    """The description of a linear model of as many buckets in a model file; None for none."""
    return {"features": FEATURES, "buckets": buckets} if buckets else None
