"""Sequence labelling: a tag for each word.

Shapes: T words of a sentence, K tags.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from elman.nn.compiled.tagger import BestSequences, CompiledTagger, Part, tagger_layout
from elman.nn.compiled.trained import TrainedNetwork
from elman.ranges import check_integer
from elman.tasks.architecture import check_cell, checked_encoder
from elman.tasks.example_estimator import ExampleModel
from elman.tasks.inputs import warn_of_unseen
from elman.tasks.run import Run, TrainingData
from elman.tasks.tagging import counts
from elman.tasks.tagging.config import RECIPE, TaggerSettings, built, encoder_of
from elman.tasks.tagging.inputs import (
    Sentences,
    Tagged,
    TaggedSentences,
    read_tagged,
    source_with_tags,
    split,
    tagged_source,
    words_of_each,
)
from elman.tasks.weights import Blueprint, Stored
from elman.text.progress import ProgressCallback
from elman.text.subword_hashing import HashedVocabulary, WordForms, words_of
from elman.text.tag_vocabulary import TagVocabulary
from elman.training.events import Event, Finished
from elman.training.plan import Plan

if TYPE_CHECKING:
    from elman.explain.trace import Trace
    from elman.nn.tagger import LinearTagger, TaggerNetwork
    from elman.tasks.file_size import Shape
    from elman.tasks.tagging.dataset import SentenceDataset
    from elman.tasks.tagging.objective import TaggingObjective
    from elman.tasks.tagging.preview import TagPreviews

Floats = npt.NDArray[np.floating[Any]]


class Tagger(TaggerSettings, ExampleModel):
    """A recurrent network that tags each word of a sentence.

    ::

        model = Tagger(minutes=5).fit(Path("train.conllu"))
        model.predict([["The", "cat", "sat"]])  # [["DET", "NOUN", "VERB"]]
        model.save("tagger.safetensors")

    Words are hashed with their characters, so none is unknown. Predicted tags are valid sequences
    in the scheme of the training data; invalid training sequences are read as conlleval does.

    Attributes, after fitting:
        network_: the `TaggerNetwork`.
        lexicon_: the words with an embedding of their own.
        vocabulary_: the `TagVocabulary`.
        record_: how it was trained, as plain data; saved with the model.
    """

    task: ClassVar[str] = "tag"
    pipeline_tag: ClassVar[str] = "token-classification"
    _architecture_name: ClassVar[str] = "encoder"

    lexicon_: HashedVocabulary
    vocabulary_: TagVocabulary

    _counted: LinearTagger | None = None  # while the network is trained

    # Learning

    def fit(
        self,
        sentences: Sentences,
        tags: Sequence[Sequence[str]] | None = None,
        *,
        valid: Tagged | None = None,
    ) -> Self:
        """Train on tagged sentences until the budget is spent; see `training`.

        The validation loss is 1 - accuracy for plain tags. For entities it is 1 - span F1, and
        above 1 while no entity is found.

        Args:
            sentences: a file or source with tags, or a list of words for each sentence. Very long
                sentences are split.
            tags: a list of tags for each sentence, if `sentences` are lists of words.
            valid: the validation set: a file or source, or a tuple of words and tags. Default: a
                random tenth of the sentences. Tags that training never saw count as errors,
                with a warning.

        Raises:
            InputError: sentences cannot be read, or have a single tag.
        """
        return self._fit(sentences, tags, valid=valid)

    _split = staticmethod(split)

    def _examples(self, *data: Any, progress: ProgressCallback | None = None) -> TaggedSentences:
        tagged = read_tagged(tagged_source(*data), progress)
        return tagged._replace(vocabulary=TagVocabulary.learn(tagged.tags))

    def _held_out(
        self,
        valid: Any,
        train: Any,
        progress: ProgressCallback | None,
    ) -> TaggedSentences:
        held_out = read_tagged(source_with_tags(valid), progress)
        known = {tag for row in train.tags for tag in row}
        unseen = [tag for row in held_out.tags for tag in row if tag not in known]
        warn_of_unseen(unseen, "word", "tag")
        return held_out

    def _begin(
        self, settings: TaggerSettings, data: TrainingData
    ) -> tuple[TaggingObjective, Plan, TagPreviews]:
        from elman.tasks.file_size import Shape
        from elman.tasks.tagging.preview import TagPreviews
        from elman.tasks.tagging.trainer import tag_objective

        train, valid = data.train, data.valid
        self.vocabulary_ = train.vocabulary
        self.lexicon_ = HashedVocabulary.learn(train.words if settings.has_network else [])
        division = self._divide(
            Shape(settings, self.lexicon_.buckets),
            RECIPE.hidden_size,
            self._network_of,
            vocabulary=[self.lexicon_.to_json(), self.vocabulary_.to_json()],
        )
        self.lexicon_ = HashedVocabulary(self.lexicon_.words, division.shape.buckets)
        self._begin_record(
            data, sentences=len(train.words), words=train.size, scheme=self.vocabulary_.scheme
        )
        plan = RECIPE.plan_of(settings, max_steps=RECIPE.steps_of(len(train.words)))
        self._counted = None
        if settings.has_counts:
            self._counted = counts.fit(
                train,
                self.vocabulary_,
                most_bytes=division.counts,
                minutes=plan.minutes,
                seed=settings.seed,
            )
        objective = tag_objective(
            self.network_, self.lexicon_, self.vocabulary_, train, valid, seed=settings.seed
        )
        return objective, plan, TagPreviews(objective, self.vocabulary_, train, valid)

    def _network_of(self, shape: Shape[TaggerSettings]) -> TaggerNetwork:
        encoder = replace(encoder_of(shape.settings, self.lexicon_), buckets=shape.buckets)
        return built(encoder, self.vocabulary_, RECIPE.dropout_of(shape.settings))

    def _learn(self, settings: TaggerSettings, data: TrainingData, run: Run) -> Iterator[Event]:
        from elman.tasks.tagging.dataset import SentenceDataset
        from elman.tasks.tagging.joining import join
        from elman.tasks.tagging.trainer import known_sentences, validation_metric_for

        for event in super()._learn(settings, data, run):
            if isinstance(event, Finished) and self._counted is not None:
                linear, self._counted = self._counted, None
                forms = WordForms(self.lexicon_)
                words, tags, gold = known_sentences(self.vocabulary_, data.valid)
                join(
                    self.network_,
                    linear,
                    SentenceDataset(words, forms, linear.buckets),
                    gold,
                    validation_metric_for(self.vocabulary_, tags),
                    entities=self.scheme_ != "plain",
                )
                self.record_["parameters"] = self._count()
            yield event

    def _outcome(self, event: Finished) -> dict[str, Any]:
        score = "valid_accuracy" if self.scheme_ == "plain" else "valid_span_f1"
        # There is no score if training stopped before the first validation.
        return {score: max(0.0, 1 - event.best_loss) if event.best_step else None}

    @property
    def tags_(self) -> list[str]:
        """The tags, in the order of the columns of `marginals`."""
        self._check_fitted()
        return self.vocabulary_.tags

    @property
    def scheme_(self) -> str:
        """The scheme of the tags, one of `elman.text.tagsets.SCHEMES`."""
        self._check_fitted()
        return self.vocabulary_.scheme

    # Tagging

    def predict(self, sentences: Sentences) -> list[list[str]]:
        """The best tags of each sentence; an empty list for an empty sentence.

        Raises:
            InputError: sentences cannot be read, or are not lists of words.
        """
        self._check_fitted()
        return self._decoded(words_of_each(sentences))

    def predict_by_parts(self, sentences: Sentences) -> dict[str, list[list[str]]]:
        """The best tags of each sentence by the network alone and by the counts alone, under these
        names; empty where one of them is all there is.

        Raises:
            InputError: as in `predict`.
        """
        self._check_fitted()
        if not (self._buckets and self.has_network):
            return {}
        words = words_of_each(sentences)
        return {
            "network": self._decoded(words, "network"),
            "counts": self._decoded(words, "counts"),
        }

    def _decoded(self, words: Sequence[Sequence[str]], part: Part = "both") -> list[list[str]]:
        """The best tags of each sentence by a part of the model."""
        tags = iter(self._inference.best(self._non_empty(words), part))
        return [self.vocabulary_.decode(next(tags)) if len(each) else [] for each in words]

    def predict_best(
        self, sentences: Sentences, count: int = 3
    ) -> list[list[tuple[list[str], float]]]:
        """The most probable tag sequences of each sentence with their probabilities, best first.

        Args:
            sentences: as in `predict`.
            count: most sequences of each sentence, 1 to 1,000.

        Raises:
            InputError: as in `predict`.
            SettingError: the count is out of range.
        """
        self._check_fitted()
        check_integer("count", count, 1, 1000)

        words = words_of_each(sentences)
        found = iter(self._inference.most_probable(self._non_empty(words), count))
        return [self._ranked(next(found)) if len(each) else [([], 1.0)] for each in words]

    def _ranked(self, best: BestSequences) -> list[tuple[list[str], float]]:
        """The tags and the probability of each allowed sequence."""
        return [
            (self.vocabulary_.decode(tags), float(np.exp(log_p)))
            for tags, log_p in zip(*best, strict=True)
            if log_p > -np.inf
        ]

    def marginals(self, sentences: Sentences) -> list[Floats]:
        """The marginal probability (T, K) of each tag of each word.

        The columns are those of `tags_`. In IOB1 the probability of B-, the start of an entity
        directly after another, is added to that of I-.

        Raises:
            InputError: as in `predict`.
        """
        self._check_fitted()
        size = len(self.vocabulary_.tags)
        outer = np.eye(size)[self.vocabulary_.outer]  # (inner, K)

        words = words_of_each(sentences)
        found = iter(self._inference.marginals(self._non_empty(words)))
        return [next(found) @ outer if len(each) else np.zeros((0, size)) for each in words]

    def explain(self, sentence: str | Sequence[str]) -> Trace:
        """The activations of the network over a sentence, its tags, and their attributions.

        Args:
            sentence: a list of words, or a text to split into words.

        Raises:
            InputError: no words, or more than `elman.explain.summary.MAX_TOKENS`.
        """
        from elman.explain.summary import check_length
        from elman.tasks.tagging.explain import explain_tags

        self._check_fitted()
        given = words_of(sentence) if isinstance(sentence, str) else sentence
        (words,) = words_of_each([given])
        check_length(len(words), "sentence", "words")
        examples = self.dataset([words])
        vocabulary = self.vocabulary_
        return explain_tags(
            self.network_,
            examples.collate(np.array([0])),
            words,
            vocabulary.tags,
            vocabulary.outer,
        )

    def dataset(self, words: Sequence[Sequence[str]]) -> SentenceDataset:
        """Sentences of at least one word, as the network reads them."""
        from elman.tasks.tagging.dataset import SentenceDataset

        return SentenceDataset(words, WordForms(self.lexicon_), self._buckets)

    def _non_empty(self, words: Sequence[Sequence[str]]) -> SentenceDataset:
        return self.dataset([each for each in words if len(each)])

    @property
    def _buckets(self) -> int:
        """The buckets of the linear model; 0 for none."""
        weight = self._weights().get("counts.weight")
        return 0 if weight is None else len(weight)

    def score(self, sentences: Sentences, tags: Sequence[Sequence[str]] | None = None) -> float:
        """The fraction of words with the correct tag.

        Raises:
            InputError: the sentences cannot be read, or have no tags.
        """
        self._check_fitted()
        given = list(tagged_source(sentences, tags).sentences())
        predicted = self.predict([sentence.words for sentence in given])
        correct = sum(
            tag == gold
            for sentence, row in zip(given, predicted, strict=True)
            for tag, gold in zip(row, sentence.tags or (), strict=True)
        )
        return correct / sum(len(sentence.words) for sentence in given)

    # Saving

    def _compile(self, trained: TrainedNetwork) -> CompiledTagger:
        return CompiledTagger(trained.exact, self._config, self.vocabulary_.transitions)

    def _contents(self) -> dict[str, Any]:
        return {
            "vocabulary": self.lexicon_.to_json(),
            "tags": self.vocabulary_.to_json(),
            "counts": counts.contents(self._buckets),
        }

    def _facts(self) -> dict[str, Any]:
        return {"scheme": self.scheme_, "tags": self.tags_, "words": len(self.lexicon_.words)}

    def _restore(self, about: dict[str, Any]) -> Stored:
        self.lexicon_ = HashedVocabulary.from_json(about.get("vocabulary"))
        self.vocabulary_ = TagVocabulary.from_json(about.get("tags"))
        encoder = checked_encoder(about.get("encoder"), self.lexicon_)
        check_cell(self, encoder.blocks.cell)
        buckets = counts.check(about.get("counts"))
        dropout = RECIPE.dropout_of(self)
        arguments = (encoder, self.vocabulary_, dropout, buckets)
        return Stored(
            Blueprint("elman.tasks.tagging.config.built", arguments),
            encoder.blocks,
            partial(tagger_layout, encoder, len(self.vocabulary_.inner), buckets),
        )


MODEL = Tagger
