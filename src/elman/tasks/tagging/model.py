"""Sequence labelling: many in, many out, in step.

Shapes: T words of a sentence, K tags.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Self, TypeVar

import numpy as np
import numpy.typing as npt
from torch import Tensor

from elman.explain.summary import check_length
from elman.explain.trace import Trace
from elman.nn.encoder import EncoderConfig, PaddedBatch
from elman.nn.tagger import TaggerNetwork
from elman.ranges import whole
from elman.tasks.architecture import check_cell, checked_encoder
from elman.tasks.estimator import TrainingData
from elman.tasks.example_estimator import ExampleModel
from elman.tasks.tagging.config import RECIPE, TaggerSettings, built, encoder_of
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
from elman.tasks.tagging.objective import TaggingObjective, best_tags
from elman.tasks.tagging.preview import TagPreviews
from elman.tasks.tagging.trainer import examples_of, tag_objective
from elman.text.progress import ProgressCallback
from elman.text.subword_hashing import BUCKETS, HashedVocabulary, WordForms, words_of
from elman.text.tag_vocabulary import TagVocabulary
from elman.training.dataset import in_batches
from elman.training.eval_mode import seeded
from elman.training.events import Finished
from elman.training.plan import Plan

Floats = npt.NDArray[np.floating[Any]]
Found = TypeVar("Found")


class Tagger(TaggerSettings, ExampleModel):
    """A recurrent network that names every word of a sentence, from all the words around it.

    ::

        model = Tagger(minutes=5).fit(Path("train.conllu"))
        model.predict([["The", "cat", "sat"]])  # [["DET", "NOUN", "VERB"]]
        model.save("tagger.safetensors")

    Words are read with their characters, so none is unknown. What it predicts is in the scheme
    that it learned from, and no sequence is illegal in it; tags that were, it read as conlleval
    does.

    Attributes, once fitted:
        network_: the `TaggerNetwork`; lexicon_: the words with a number of their own.
        vocabulary_: the `TagVocabulary`; tags_: what a word can be; scheme_: of the tags.
        record_: how it was trained, as plain data; it is saved with the model.
    """

    task: ClassVar[str] = "tag"
    pipeline_tag: ClassVar[str] = "token-classification"
    _architecture_name: ClassVar[str] = "reader"

    network_: TaggerNetwork
    lexicon_: HashedVocabulary
    vocabulary_: TagVocabulary

    # Learning

    def fit(
        self,
        sentences: Sentences,
        tags: Sequence[Sequence[str]] | None = None,
        *,
        valid: Tagged | None = None,
    ) -> Self:
        """Learn from tagged sentences until the budget is spent; see `training`.

        The losses of validation are 1 - accuracy for plain tags; for entities they are 1 - span
        F1, and above 1 while no entity is found.

        Args:
            sentences: what to learn from, with `tags` for lists of words; very long sentences
                are learned in pieces. Without `valid` a tenth of them, drawn at random, is held
                out.
            tags: of each word, where the sentences do not bring their own.
            valid: others to choose the best weights by; lists of words and lists of tags come as
                a pair.

        Raises:
            InputError: where sentences cannot be read, have one tag only, or where `valid` has
                a tag that they have not.
        """
        return self._fit(sentences, tags, valid=valid)

    _split = staticmethod(split)

    def _examples(self, *data: Any, progress: ProgressCallback | None = None) -> TaggedSentences:
        found = read_tagged(tagged_source(*data), progress)
        return found._replace(vocabulary=TagVocabulary.learn(found.tags))

    def _held_out(
        self, valid: Any, train: Any, progress: ProgressCallback | None
    ) -> TaggedSentences:
        source = source_with_tags(valid).limited_to(train.vocabulary.tags)
        return read_tagged(source, progress)

    def _begin(
        self, settings: TaggerSettings, data: TrainingData
    ) -> tuple[TaggingObjective, Plan, TagPreviews]:
        train, valid = data.train, data.valid
        self.vocabulary_ = train.vocabulary
        self.lexicon_ = HashedVocabulary.learn(train.words)
        with seeded(settings.seed):
            reading = encoder_of(settings, self.lexicon_)
            self.network_ = built(reading, self.vocabulary_, RECIPE.dropout_of(settings))
        self._begin_record(
            data, sentences=len(train.words), words=train.size, scheme=self.vocabulary_.scheme
        )
        objective = tag_objective(
            self.network_, self.lexicon_, self.vocabulary_, train, valid, seed=settings.seed
        )
        plan = RECIPE.plan_of(settings, max_steps=RECIPE.steps_of(len(train.words)))
        return objective, plan, TagPreviews(objective, self.vocabulary_, train, valid)

    def _outcome(self, event: Finished) -> dict[str, Any]:
        score = "valid_accuracy" if self.scheme_ == "plain" else "valid_span_f1"
        # Stopped before the first look at the held-out sentences, there is no score.
        return {score: max(0.0, 1 - event.best_loss) if event.best_step else None}

    @property
    def tags_(self) -> list[str]:
        """What a word can be, in the order of the columns of `marginals`."""
        self._check_fitted()
        return self.vocabulary_.tags

    @property
    def scheme_(self) -> str:
        """Of its tags, one of `elman.text.tagsets.SCHEMES`."""
        self._check_fitted()
        return self.vocabulary_.scheme

    # Tagging

    def predict(self, sentences: Sentences) -> list[list[str]]:
        """The best tags of each sentence; of one without words, none.

        Raises:
            InputError: where they cannot be read, or are no lists of words.
        """
        self._check_fitted()
        words = words_of_each(sentences)
        examples = examples_of(list(filter(len, words)), WordForms(self.lexicon_))
        found = iter(best_tags(self.network_, examples))
        return [self.vocabulary_.decode(next(found)) if len(each) else [] for each in words]

    def predict_best(
        self, sentences: Sentences, count: int = 3
    ) -> list[list[tuple[list[str], float]]]:
        """The `count` best sequences of tags of each sentence, the best first, and the
        probability of each; fewer where there are no more.

        Raises:
            InputError: as `predict`; SettingError: for a count below 1 or above 1,000.
        """
        self._check_fitted()
        whole("count", count, 1, 1000)

        def ask(padded: PaddedBatch) -> tuple[Tensor, Tensor]:
            return self.network_.crf.best(self.network_(padded), padded.lengths, count)

        def row(answer: tuple[Tensor, Tensor], place: int, length: int) -> Any:
            tags, log_p = (part[:, ..., place].numpy(force=True) for part in answer)
            return [
                (self.vocabulary_.decode(each[:length]), float(np.exp(score)))
                for each, score in zip(tags, log_p, strict=True)
                if score > -np.inf
            ]

        return self._ask(sentences, ask, row, nothing=[([], 1.0)])

    def marginals(self, sentences: Sentences) -> list[Floats]:
        """The probability of each tag at each word of a sentence, (T, K), over all sequences.

        The columns are those of `tags_`. Where entities are written in IOB1, the probability of
        B-, which is an entity's beginning right behind another, is counted with that of I-.

        Raises:
            InputError: as `predict`.
        """
        self._check_fitted()
        size = len(self.vocabulary_.tags)
        outer = np.eye(size)[self.vocabulary_.outer]  # (inner, K)

        def ask(padded: PaddedBatch) -> Tensor:
            return self.network_.crf.marginals(self.network_(padded), padded.lengths)

        def row(answer: Tensor, place: int, length: int) -> Floats:
            found: Floats = np.exp(answer[:length, place].double().numpy(force=True)) @ outer
            return found

        return self._ask(sentences, ask, row, nothing=np.zeros((0, size)))

    def explain(self, sentence: str | Sequence[str]) -> Trace:
        """What the network saw in a sentence, remembered of it, and which words each tag rests on.

        Args:
            sentence: its words, or a text to be parted into words.

        Raises:
            InputError: for no word, or more than `elman.explain.summary.MAX_TOKENS`.
        """
        self._check_fitted()
        given = words_of(sentence) if isinstance(sentence, str) else sentence
        (words,) = words_of_each([given])
        check_length(len(words), "sentence", "words")
        examples = examples_of([words], WordForms(self.lexicon_))
        vocabulary = self.vocabulary_
        return explain_tags(
            self.network_,
            examples.collate(np.array([0])),
            words,
            vocabulary.tags,
            vocabulary.outer,
        )

    def _ask(
        self,
        sentences: Sentences,
        ask: Callable[[PaddedBatch], Any],
        row: Callable[[Any, int, int], Found],
        nothing: Found,
    ) -> list[Found]:
        """What the network answers of each sentence.

        Args:
            ask: of a batch.
            row: the answer of one sentence, from a batch's answer, its place there and T.
            nothing: the answer of a sentence without words.
        """
        words = words_of_each(sentences)
        places = [place for place, each in enumerate(words) if len(each)]
        examples = examples_of([words[place] for place in places], WordForms(self.lexicon_))
        found = [nothing] * len(words)
        for chosen, answer in in_batches(self.network_, examples, ask):
            for column, number in enumerate(chosen.tolist()):
                length = int(examples.lengths[number])
                found[places[number]] = row(answer, column, length)
        return found

    def score(self, sentences: Sentences, tags: Sequence[Sequence[str]] | None = None) -> float:
        """The share of words whose tag is right.

        Raises:
            InputError: where the sentences cannot be read, or have no tags.
        """
        self._check_fitted()
        given = list(tagged_source(sentences, tags).sentences())
        found = self.predict([sentence.words for sentence in given])
        right = sum(
            ours == theirs
            for sentence, its in zip(given, found, strict=True)
            for ours, theirs in zip(its, sentence.tags or (), strict=True)
        )
        return right / sum(len(sentence.words) for sentence in given)

    # Keeping

    def _architecture(self) -> EncoderConfig:
        return self.network_.reader.config

    def _contents(self) -> dict[str, Any]:
        return {"vocabulary": self.lexicon_.to_json(), "tags": self.vocabulary_.to_json()}

    def _facts(self) -> dict[str, Any]:
        return {"scheme": self.scheme_, "tags": self.tags_, "words": len(self.lexicon_.words)}

    def _restore(self, about: dict[str, Any]) -> Callable[[], TaggerNetwork]:
        self.lexicon_ = HashedVocabulary.from_json(about.get("vocabulary"))
        self.vocabulary_ = TagVocabulary.from_json(about.get("tags"))
        reading = checked_encoder(about.get("reader"), self.lexicon_.size, BUCKETS)
        check_cell(self, reading.blocks.cell)
        return lambda: built(reading, self.vocabulary_, RECIPE.dropout_of(self))


MODEL = Tagger
