"""Sequence labelling: a tag for each word.

Shapes: T words of a sentence, K tags.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Self, TypeVar

import numpy as np
import numpy.typing as npt
from torch import Tensor

from elman.explain.summary import check_length
from elman.explain.trace import Trace
from elman.nn.encoder import EncoderConfig, PaddedBatch
from elman.nn.tagger import LinearTagger, TaggerNetwork
from elman.ranges import check_integer
from elman.tasks.architecture import check_cell, checked_encoder
from elman.tasks.example_estimator import ExampleModel
from elman.tasks.file_size import Shape
from elman.tasks.inputs import warn_of_unseen
from elman.tasks.run import Run, TrainingData
from elman.tasks.tagging import counts
from elman.tasks.tagging.config import RECIPE, TaggerSettings, built, encoder_of
from elman.tasks.tagging.dataset import SentenceDataset
from elman.tasks.tagging.explain import explain_tags
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
from elman.tasks.tagging.joining import join
from elman.tasks.tagging.objective import TaggingObjective, best_tags
from elman.tasks.tagging.preview import TagPreviews
from elman.tasks.tagging.trainer import tag_objective, validation_metric_for
from elman.tasks.weights import Stored
from elman.text.progress import ProgressCallback
from elman.text.subword_hashing import HashedVocabulary, WordForms, words_of
from elman.text.tag_vocabulary import UNKNOWN, TagVocabulary
from elman.training.dataset import in_batches
from elman.training.events import Event, Finished
from elman.training.plan import Plan

Floats = npt.NDArray[np.floating[Any]]
Result = TypeVar("Result")


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

    network_: TaggerNetwork
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
        for event in super()._learn(settings, data, run):
            if isinstance(event, Finished) and self._counted is not None:
                linear, self._counted = self._counted, None
                forms = WordForms(self.lexicon_)
                words, tags, gold = self._known(data.valid)
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

    def _known(
        self, valid: TaggedSentences
    ) -> tuple[Sequence[Sequence[str]], Sequence[Sequence[str]], list[npt.NDArray[np.int64]]]:
        """Words, tags and ids of the validation sentences without unseen tags, which no scale of
        scores makes probable; if each has some, of all, with the first tag in their place."""
        ids = [self.vocabulary_.encode(tags) for tags in valid.tags]
        known = [row for row, each in enumerate(ids) if UNKNOWN not in each] or range(len(ids))
        return (
            [valid.words[row] for row in known],
            [valid.tags[row] for row in known],
            [ids[row].clip(0) for row in known],
        )

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
        return self._decoded(words_of_each(sentences), self.network_.best)

    def predict_by_parts(self, sentences: Sentences) -> dict[str, list[list[str]]]:
        """The best tags of each sentence by the network alone and by the counts alone, under these
        names; empty where one of them is all there is.

        Raises:
            InputError: as in `predict`.
        """
        self._check_fitted()
        network = self.network_
        if network.counts is None or not self.has_network:
            return {}
        words = words_of_each(sentences)
        parts = {"network": network.best_of_network, "counts": network.best_of_counts}
        return {name: self._decoded(words, best) for name, best in parts.items()}

    def _decoded(
        self, words: Sequence[Sequence[str]], best: Callable[[PaddedBatch], Tensor]
    ) -> list[list[str]]:
        examples = self.dataset(list(filter(len, words)))
        tags = iter(best_tags(self.network_, examples, best))
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

        def forward(padded: PaddedBatch) -> tuple[Tensor, Tensor]:
            return self.network_.joint_crf.best(self.network_(padded), padded.lengths, count)

        def result_of(answer: tuple[Tensor, Tensor], index: int, length: int) -> Any:
            tags, log_p = (part[:, ..., index].numpy(force=True) for part in answer)
            return [
                (self.vocabulary_.decode(each[:length]), float(np.exp(score)))
                for each, score in zip(tags, log_p, strict=True)
                if score > -np.inf
            ]

        return self._run(sentences, forward, result_of, empty=[([], 1.0)])

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

        def forward(padded: PaddedBatch) -> Tensor:
            return self.network_.joint_crf.marginals(self.network_(padded), padded.lengths)

        def result_of(answer: Tensor, index: int, length: int) -> Floats:
            probabilities: Floats = (
                np.exp(answer[:length, index].double().numpy(force=True)) @ outer
            )
            return probabilities

        return self._run(sentences, forward, result_of, empty=np.zeros((0, size)))

    def explain(self, sentence: str | Sequence[str]) -> Trace:
        """The activations of the network over a sentence, its tags, and their attributions.

        Args:
            sentence: a list of words, or a text to split into words.

        Raises:
            InputError: no words, or more than `elman.explain.summary.MAX_TOKENS`.
        """
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
        linear = self.network_.counts
        buckets = 0 if linear is None else linear.buckets
        return SentenceDataset(words, WordForms(self.lexicon_), buckets)

    def _run(
        self,
        sentences: Sentences,
        forward: Callable[[PaddedBatch], Any],
        result_of: Callable[[Any, int, int], Result],
        empty: Result,
    ) -> list[Result]:
        """Run the network over sentences in batches.

        Args:
            sentences: as in `predict`.
            forward: the output for a batch.
            result_of: the result of one sentence, from the output, its index in the batch and T.
            empty: the result of an empty sentence.
        """
        words = words_of_each(sentences)
        indices = [index for index, each in enumerate(words) if len(each)]
        examples = self.dataset([words[index] for index in indices])
        results = [empty] * len(words)
        for chosen, answer in in_batches(self.network_, examples, forward):
            for column, number in enumerate(chosen.tolist()):
                length = int(examples.lengths[number])
                results[indices[number]] = result_of(answer, column, length)
        return results

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

    def _architecture(self) -> EncoderConfig:
        return self.network_.encoder.config

    def _contents(self) -> dict[str, Any]:
        return {
            "vocabulary": self.lexicon_.to_json(),
            "tags": self.vocabulary_.to_json(),
            "counts": counts.contents(self.network_),
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
        return Stored(lambda: built(encoder, self.vocabulary_, dropout, buckets))


MODEL = Tagger
