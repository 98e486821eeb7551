"""How a tagger learns: its objective, and what its best weights are chosen by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from elman.metrics.tagging import span_counts, span_f1
from elman.nn.tagger import TaggerNetwork
from elman.tasks.tagging.config import RECIPE
from elman.tasks.tagging.inputs import TaggedSentences
from elman.tasks.tagging.objective import TaggingObjective
from elman.text.subword_hashing import HashedVocabulary, WordForms
from elman.text.tag_vocabulary import TagVocabulary
from elman.text.tagsets import Span, conlleval_spans
from elman.training.dataset import TokenDataset

Numbers = npt.NDArray[np.integer[Any]]


def tag_objective(
    network: TaggerNetwork,
    lexicon: HashedVocabulary,
    vocabulary: TagVocabulary,
    learned_from: TaggedSentences,
    held_out: TaggedSentences,
    *,
    seed: int,
) -> TaggingObjective:
    """Tagging the sentences to learn from, judged by those held out."""
    forms = WordForms(lexicon)
    return TaggingObjective(
        network,
        examples_of(learned_from.words, forms),
        examples_of(held_out.words, forms),
        tags=[vocabulary.encode(tags) for tags in learned_from.tags],
        validation_metric=validation_metric_for(vocabulary, held_out.tags),
        batch_size=RECIPE.rows,
        seed=seed,
    )


def examples_of(words: Sequence[Sequence[str]], forms: WordForms) -> TokenDataset:
    """The words of each sentence (one at least) as a network reads them."""
    return TokenDataset([forms.indices(each) for each in words], forms)


def validation_metric_for(
    vocabulary: TagVocabulary, tags: Sequence[Sequence[str]]
) -> Callable[[list[Numbers]], float]:
    """A loss of the tags that were found, by those that are right.

    Of plain tags it is the share of words tagged wrongly. Of entities it is 1 - span F1, as
    nearly all words are outside of entities, and accuracy would choose weights that find few;
    while none at all is found, it is 1 and the share of words tagged wrongly.
    """
    wanted = [vocabulary.encode(each) for each in tags]
    words = sum(map(len, wanted))

    def share_wrong(found: list[Numbers]) -> float:
        pairs = zip(wanted, found, strict=True)
        return sum(int((ours != theirs).sum()) for ours, theirs in pairs) / words

    def spans(rows: Sequence[Numbers]) -> list[list[Span]]:
        inner = vocabulary.inner
        return [conlleval_spans([inner[number] for number in row]) for row in rows]

    entities = spans(wanted)

    def span_loss(found: list[Numbers]) -> float:
        f1 = float(span_f1(span_counts(entities, spans(found)).sum(0)))
        return 1 - f1 if f1 > 0 else 1 + share_wrong(found)

    return share_wrong if vocabulary.scheme == "plain" else span_loss
