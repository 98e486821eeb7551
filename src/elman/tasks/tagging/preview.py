from __future__ import annotations

from dataclasses import dataclass

from elman.tasks.tagging.baseline import MostFrequentTag
from elman.tasks.tagging.inputs import TaggedSentences
from elman.tasks.tagging.objective import TaggingObjective, best_tags
from elman.text.tag_vocabulary import TagVocabulary
from elman.training.preview_rows import PAST, spread_indices
from elman.training.previews import BaselineLoss, TagsPreview


@dataclass(frozen=True)
class TagPreviews:
    """Predicted tags of some validation sentences."""

    objective: TaggingObjective
    vocabulary: TagVocabulary
    learned_from: TaggedSentences
    held_out: TaggedSentences

    def baseline(self) -> BaselineLoss | None:
        frequent = MostFrequentTag().fit(self.learned_from.words, self.learned_from.tags)
        found = frequent.predict(self.held_out.words)
        plain = self.vocabulary.scheme == "plain"
        measure = "share of words tagged wrongly" if plain else "1 less span F1"
        loss = self.objective.validation_metric([self.vocabulary.encode(tags) for tags in found])
        return BaselineLoss(frequent.name, measure, loss)

    def samples(self) -> list[TagsPreview]:
        valid, held_out = self.objective.valid, self.held_out
        places = spread_indices(len(valid)).tolist()
        chosen = valid.subset(places)
        network = self.objective.network
        found = best_tags(network, chosen, network.best_of_network)
        return [
            TagsPreview(
                held_out.words[place][:PAST],
                self.vocabulary.decode(tags[:PAST]),
                held_out.tags[place][:PAST],
            )
            for place, tags in zip(places, found, strict=True)
        ]
