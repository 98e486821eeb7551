"""Sequence labelling: many in, many out, in step.

Shapes: T words of a sentence, K tags.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar, Self, TypeVar

import numpy as np
import numpy.typing as npt
from torch import Tensor

from elman.bundle import Bundle
from elman.data.cache import Cache
from elman.data.example_cache import cache_examples
from elman.explain.summary import check_length
from elman.explain.trace import Trace
from elman.nn.encoder import PaddedBatch
from elman.nn.tagger import TaggerNetwork
from elman.ranges import whole
from elman.tasks.estimator import Model
from elman.tasks.tagging.config import RECIPE, TaggerTrainingConfig
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
from elman.tasks.tagging.objective import best_tags
from elman.tasks.tagging.preview import TagPreviews
from elman.tasks.tagging.serialization import built, contents, opened
from elman.tasks.tagging.trainer import examples_of, tag_objective
from elman.text.progress import Progressed
from elman.text.subword_hashing import HashedVocabulary, WordForms, words_of
from elman.text.tag_vocabulary import TagVocabulary
from elman.training.dataset import in_batches
from elman.training.eval_mode import seeded
from elman.training.events import Event, Finished
from elman.training.trainer import train

Floats = npt.NDArray[np.floating[Any]]
Found = TypeVar("Found")


class Tagger(Model):
    """A recurrent network that names every word of a sentence, from all the words around it.

    ::

        model = Tagger(minutes=5).fit(Path("train.conllu"))
        model.predict([["The", "cat", "sat"]])  # [["DET", "NOUN", "VERB"]]
        model.save("tagger.safetensors")

    Words are read with their characters, so none is unknown. What it predicts is in the scheme
    that it learned from, and no sequence is illegal in it; tags that were, it read as conlleval
    does.

    Args:
        cell: a name of `elman.cells.CELLS`.
        hidden_size: of the vectors in each of the two directions; None chooses.
        layers: blocks, one above the other, in each direction.
        dropout: share silenced in training, 0 to below 1; None chooses.
        minutes: of training, by the wall clock, validations included.
        steps: of training instead; the same weights every time on one machine.
        seed: of everything random.

    Attributes, once fitted:
        network_: the `TaggerNetwork`; lexicon_: the words with a number of their own.
        vocabulary_: the `TagVocabulary`; tags_: what a word can be; scheme_: of the tags.
        record_: how it was trained, as plain data; it is saved with the model.
    """

    task: ClassVar[str] = "tag"

    network_: TaggerNetwork
    lexicon_: HashedVocabulary
    vocabulary_: TagVocabulary
    record_: dict[str, Any]

    def __init__(
        self,
        *,
        cell: str = "mingru",
        hidden_size: int | None = None,
        layers: int = 1,
        dropout: float | None = None,
        minutes: float = 3.0,
        steps: int | None = None,
        seed: int = 0,
    ) -> None:
        self.cell = cell
        self.hidden_size = hidden_size
        self.layers = layers
        self.dropout = dropout
        self.minutes = minutes
        self.steps = steps
        self.seed = seed

    # Learning

    def fit(
        self,
        sentences: Sentences,
        tags: Sequence[Sequence[str]] | None = None,
        *,
        valid: Tagged | None = None,
    ) -> Self:
        """Read tagged sentences again and again until the budget is spent; `training` tells more.

        An interrupt (Ctrl-C) leaves the model as good as it was by then, and is raised again.
        """
        return self._through(self.training(sentences, tags, valid=valid))

    def training(
        self,
        sentences: Sentences,
        tags: Sequence[Sequence[str]] | None = None,
        *,
        valid: Tagged | None = None,
        cache: Cache | None = None,
        checkpoint: Path | None = None,
        checkpoint_seconds: float = 20.0,
        progress: Progressed | None = None,
        stop: Callable[[], bool] = lambda: False,
    ) -> Iterator[Event]:
        """Train, yielding what happens as `elman.training.events.Event`s.

        The losses of validation are 1 - accuracy for plain tags; for entities they are 1 - span
        F1, and above 1 while no entity is found.

        Args:
            sentences: what to learn from, with `tags` for lists of words; very long sentences
                are learned in pieces. Without `valid` a tenth of them, drawn at random, is held
                out.
            valid: others to choose the best weights by; lists of words and lists of tags come as
                a pair.
            cache: where the sentences are kept for a baseline to learn from; nowhere if None.
            checkpoint: a file from which an interrupted run goes on; see `train`.
            progress: hears how files are read: the step, the bytes read, all the bytes.
            stop: asked before every step; True ends the run early and in order.

        Raises:
            SettingError: for a setting out of its range, before anything is read.
            InputError: where sentences cannot be read, have one tag only, or where `valid` has
                a tag that they have not.
            TrainingError, ResumeError, OutputError: as `train` has them.
        """
        settings = TaggerTrainingConfig(**self._plain_settings())
        given = read_tagged(tagged_source(sentences, tags), progress)
        vocabulary = TagVocabulary.learn(given.tags)
        if valid is None:
            learned_from, held_out = split(given, settings.seed)
        else:
            source = source_with_tags(valid).limited_to(vocabulary.tags)
            learned_from, held_out = given, read_tagged(source, progress)
        hashes = {"content": learned_from.content, "valid": held_out.content}
        if cache is not None:
            for part, content in zip((learned_from, held_out), hashes.values(), strict=True):
                cache_examples(cache, content, part.rows)
        self._begin(settings, vocabulary, learned_from, hashes)
        objective = tag_objective(
            self.network_,
            self.lexicon_,
            vocabulary,
            learned_from,
            held_out,
            seed=settings.seed,
        )
        identity = {**self._plain_settings(), **hashes}
        score = "valid_accuracy" if vocabulary.scheme == "plain" else "valid_span_f1"
        for event in train(
            objective,
            settings.plan(RECIPE, len(learned_from.words)),
            show=TagPreviews(objective, vocabulary, learned_from, held_out),
            checkpoint=checkpoint,
            identity=identity,
            checkpoint_seconds=checkpoint_seconds,
            stop=stop,
        ):
            if isinstance(event, Finished):
                self.record_ |= {
                    "steps": event.step,
                    "best_step": event.best_step,
                    "seconds": round(event.seconds, 3),
                    "words_read": event.tokens,
                    # Stopped before the first look at the held-out sentences, there is no score.
                    score: max(0.0, 1 - event.best_loss) if event.best_step else None,
                }
            yield event

    def _begin(
        self,
        settings: TaggerTrainingConfig,
        vocabulary: TagVocabulary,
        learned_from: TaggedSentences,
        hashes: dict[str, str],
    ) -> None:
        """A new network for these words and tags, and the first lines of its record."""
        lexicon = HashedVocabulary.learn(learned_from.words)
        with seeded(settings.seed):
            dropout = settings.outer_dropout(RECIPE)
            self.network_ = built(settings.reading(lexicon), vocabulary, dropout)
        self.lexicon_, self.vocabulary_ = lexicon, vocabulary
        self.record_ = {
            **hashes,
            "sentences": len(learned_from.words),
            "words": learned_from.size,
            "scheme": vocabulary.scheme,
            "parameters": sum(p.numel() for p in self.network_.parameters()),
        }

    def keep_training(self, sentences: Sentences, cache: Cache) -> bool:
        """Keep what the model learned from, given once more, for a baseline to learn from.

        Returns:
            Whether it was that, all of it or with a tenth to be held out.
        """
        self._check_fitted()
        given = read_tagged(tagged_source(sentences, None))
        for part in (given, split(given, self.seed)[0]):
            content = part.content
            if content == self.record_.get("content"):
                cache_examples(cache, content, part.rows)
                return True
        return False

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

    def _contents(self) -> tuple[dict[str, Any], dict[str, Tensor]]:
        about = contents(self.network_, self.lexicon_, self.vocabulary_, self.record_)
        return about, dict(self.network_.named_parameters())

    def describe(self) -> dict[str, Any]:
        self._check_fitted()
        return {
            "task": self.task,
            "scheme": self.scheme_,
            "tags": self.tags_,
            "words": len(self.lexicon_.words),
            "parameters": sum(p.numel() for p in self.network_.parameters()),
            "network": dataclasses.asdict(self.network_.reader.reading),
            "settings": self._plain_settings(),
            "training": self.record_,
        }

    @classmethod
    def from_bundle(cls, bundle: Bundle) -> Self:
        file = opened(bundle)
        model = cls(**dataclasses.asdict(file.settings))
        model.network_, model.lexicon_ = file.network, file.lexicon
        model.vocabulary_, model.record_ = file.vocabulary, file.record
        return model
