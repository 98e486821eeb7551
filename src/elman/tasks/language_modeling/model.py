"""Text generation and the next word: many out, each fed back in.

Shapes: V vocabulary, N tokens of a text.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Self

from torch import Tensor

from elman.bundle import Bundle
from elman.data.cache import Cache
from elman.data.corpus import Corpus
from elman.decoding.batched_generation import BatchedGenerator
from elman.decoding.generation import generate_text
from elman.decoding.incremental import NextTokenDistribution, read, read_rows
from elman.decoding.prompts import split_prefix
from elman.decoding.sampling import Sampling
from elman.decoding.suggester import WORDS, Suggester, finder_for
from elman.decoding.suggestions import PrefixSearch, Suggestion, UserPrior
from elman.decoding.word_index import WordIndex
from elman.errors import EmptyTextError
from elman.explain.trace import Trace
from elman.nn.blocks import COMPONENTS, NetworkState
from elman.nn.language_model import LanguageModelNetwork
from elman.ranges import whole
from elman.tasks.estimator import Model
from elman.tasks.language_modeling.config import LanguageModelTrainingConfig
from elman.tasks.language_modeling.explain import explain_language
from elman.tasks.language_modeling.inputs import TextInput, check_length, prepared, source_of
from elman.tasks.language_modeling.preview import GenerationPreviews
from elman.tasks.language_modeling.serialization import contents, opened
from elman.text.progress import Progressed
from elman.text.tokenizers.table import TOKENIZERS
from elman.text.tokenizers.tokenizer import BOUNDARY, Tokenizer
from elman.training.bptt import BPTTDataset
from elman.training.eval_mode import seeded
from elman.training.events import Event, Finished
from elman.training.trainer import train


class LanguageModel(Model):
    """A recurrent network that has read a text and writes more of it.

    ::

        model = LanguageModel(minutes=3).fit(Path("tale.txt"))
        for piece in model.generate("Once upon", seed=1):
            print(piece, end="")
        model.save("tale.safetensors")

    Args:
        tokenizer: "character", "word" or "subword": what one token is.
        cell: a name of `elman.cells.CELLS`.
        hidden_size: of the vectors that pass from block to block; None chooses by the tokenizer.
        layers: blocks, one above the other.
        components: of each block, from `elman.nn.blocks.COMPONENTS`; none leaves the bare cell.
        dropout: share silenced in training, 0 to below 1; None chooses by the tokenizer.
        learning_rate: the largest; None chooses by the tokenizer.
        minutes: of training, by the wall clock, validations included.
        steps: of training instead; the same weights every time on one machine.
        seed: of everything random.

    Attributes, once fitted:
        network_: the `LanguageModelNetwork`; tokenizer_: the vocabulary.
        record_: how it was trained, as plain data; it is saved with the model.
        learned_: the words that `learn` was told of, and how often.
    """

    task: ClassVar[str] = "language"

    network_: LanguageModelNetwork
    tokenizer_: Tokenizer
    record_: dict[str, Any]
    learned_: Counter[str]

    def __init__(
        self,
        *,
        tokenizer: str = "character",
        cell: str = "mingru",
        hidden_size: int | None = None,
        layers: int = 2,
        components: Sequence[str] = COMPONENTS,
        dropout: float | None = None,
        learning_rate: float | None = None,
        minutes: float = 3.0,
        steps: int | None = None,
        seed: int = 0,
    ) -> None:
        self.tokenizer = tokenizer
        self.cell = cell
        self.hidden_size = hidden_size
        self.layers = layers
        self.components = components
        self.dropout = dropout
        self.learning_rate = learning_rate
        self.minutes = minutes
        self.steps = steps
        self.seed = seed

    # Learning

    def fit(self, text: TextInput, *, valid: TextInput | None = None) -> Self:
        """Read a text again and again until the budget is spent; `training` tells more.

        An interrupt (Ctrl-C) leaves the model as good as it was by then, and is raised again.
        """
        return self._through(self.training(text, valid=valid))

    def training(
        self,
        text: TextInput,
        *,
        valid: TextInput | None = None,
        cache: Cache | None = None,
        checkpoint: Path | None = None,
        checkpoint_seconds: float = 20.0,
        progress: Progressed | None = None,
        stop: Callable[[], bool] = lambda: False,
    ) -> Iterator[Event]:
        """Train, yielding what happens as `elman.training.events.Event`s.

        Args:
            text: what to learn from; without `valid` its last tenth is held out.
            valid: another text to choose the best weights by.
            cache: where the text's tokens are kept; the user's own cache folder where None.
            checkpoint: a file from which an interrupted run goes on; see `train`.
            stop: asked before every step; True ends the run early and in order.
            progress: hears how the text is read: the step, the bytes read, all the bytes.

        Raises:
            SettingError: for a setting out of its range, before anything is read.
            InputError: where a text cannot be read, or is too short.
            TrainingError, ResumeError, OutputError: as `train` has them.
        """
        settings = LanguageModelTrainingConfig(**self._plain_settings())
        recipe = settings.recipe
        learned_from, held_out = prepared(
            text,
            valid,
            TOKENIZERS[settings.tokenizer],
            Cache() if cache is None else cache,
            progress,
        )
        check_length(text, learned_from, recipe.time)
        self._begin(settings, learned_from, held_out)
        stream = BPTTDataset(
            self.network_, learned_from.ids, held_out.ids, rows=recipe.rows, time=recipe.time
        )
        identity = {"text": learned_from.key, "valid": held_out.key, **self._plain_settings()}
        for event in train(
            stream,
            settings.plan(),
            show=GenerationPreviews(self.network_, self.tokenizer_, learned_from.ids, held_out.ids),
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
                    "tokens_read": event.tokens,
                    # Stopped before the first look at the held-out text, there is no loss.
                    "valid_nats_per_token": event.best_loss if event.best_step else None,
                }
            yield event

    def _begin(
        self, settings: LanguageModelTrainingConfig, learned_from: Corpus, held_out: Corpus
    ) -> None:
        """A new network for this vocabulary, and the first lines of its record."""
        with seeded(settings.seed):
            self.network_ = LanguageModelNetwork(settings.architecture(learned_from.tokenizer.size))
        self.tokenizer_ = learned_from.tokenizer
        self.learned_ = Counter()
        vars(self).pop("_finder", None)  # the tokenizer is another than it was
        self.record_ = {
            "content": learned_from.content_hash,
            "corpus": learned_from.key,
            "valid": held_out.key,
            "characters": learned_from.characters,
            "words": learned_from.words,
            "tokens": len(learned_from),
            "parameters": sum(p.numel() for p in self.network_.parameters()),
        }

    def learn(self, text: str) -> Self:
        """Tell of words that the user writes, so that `suggest` offers them; nothing is trained."""
        self._check_fitted()
        self.learned_.update(text[start:end] for start, end in WORDS.words_in(text))
        return self

    def forget(self, *words: str) -> Self:
        """Forget the words named, or all that `learn` was told."""
        self._check_fitted()
        for word in words or tuple(self.learned_):
            self.learned_.pop(word, None)
        return self

    # Predicting

    def score(self, text: TextInput) -> float:
        """The mean log-probability of a token, in nats, higher is better (as scikit-learn's
        density estimators have it): nats per token with the sign turned, the state carried
        over the whole text.

        Raises:
            InputError: where the text cannot be read.
        """
        from elman.nn.predictor import NetworkPredictor

        self._check_fitted()
        corpus = Corpus.prepare(source_of(text), self.tokenizer_, cache=Cache())
        predictor = NetworkPredictor(self.network_, int8=self.int8_)
        return float(predictor.log_probabilities(corpus.ids).mean())

    def start(self) -> NetworkState:
        """The state at the beginning of a text, for `step`."""
        self._check_fitted()
        _, state = read(self.network_, [BOUNDARY], self.network_.initial_state(1), self._step)
        return state

    def step(self, text: str, state: NetworkState) -> tuple[NextTokenDistribution, NetworkState]:
        """Read on: a token or more of text, and the state before them.

        Words bring the space before them: "the", then "cat", is "the cat".

        Returns:
            What is expected next, and the state after: of the same size however much was read.

        Raises:
            EmptyTextError: for an empty text.
        """
        spreads, state = self.step_many([text], state)
        return NextTokenDistribution(spreads[0].numpy(force=True), self.tokenizer_), state

    def step_many(self, texts: Sequence[str], states: NetworkState) -> tuple[Tensor, NetworkState]:
        """Read on in several streams: a text and a row of the states for each; see `step`.

        Returns:
            (N, V) the log-probabilities of what is next in each, and the states after.
        """
        self._check_fitted()
        rows = [self.tokenizer_.encode(text) for text in texts]
        if not all(map(len, rows)):
            raise EmptyTextError("nothing to read", location="step", hint="Give it some text.")
        logits, states = read_rows(self.network_, rows, states, self._step)
        return logits.float().log_softmax(1), states

    def explain(self, text: str) -> Trace:
        """What the network saw in a text, remembered of it, and expected after each token.

        Raises:
            InputError: for a text without tokens, or with more than `MAX_TOKENS`.
        """
        self._check_fitted()
        return explain_language(self.network_, self.tokenizer_, text)

    def generate(
        self,
        prompt: str = "",
        *,
        length: int = 400,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
        min_p: float | None = None,
        repetition_penalty: float = 1.0,
        stop: str | Sequence[str] = (),
        seed: int | None = None,
    ) -> Iterator[str]:
        """Write on after a prompt, piece by piece; the prompt itself is not given again.

        Args:
            prompt: what is written goes on from it, with the space between them if one is due;
                a word of which it has the beginning is written to its end.
            length: tokens to write at most.
            temperature, top_k, top_p, min_p, repetition_penalty: how each token is drawn; see
                `elman.Sampling`.
            stop: a text that ends it, or several, not given out themselves.
            seed: of the draws; None draws otherwise every time.

        Raises:
            SettingError: for a setting out of its range.
        """
        sampling = Sampling(temperature, top_k, top_p, min_p, repetition_penalty)
        written = self._write(prompt, length, sampling, stop, seed, rows=1)
        return (texts[0] for texts in written if texts[0])

    def generate_many(
        self,
        prompt: str = "",
        *,
        samples: int,
        length: int = 400,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
        min_p: float | None = None,
        repetition_penalty: float = 1.0,
        stop: str | Sequence[str] = (),
        seed: int | None = None,
    ) -> list[str]:
        """Several continuations of one prompt, written side by side; see `generate`."""
        whole("samples", samples, 1)
        sampling = Sampling(temperature, top_k, top_p, min_p, repetition_penalty)
        pieces = list(self._write(prompt, length, sampling, stop, seed, rows=samples))
        return ["".join(row) for row in zip(*pieces, strict=True)]

    def _write(
        self,
        prompt: str,
        length: int,
        sampling: Sampling,
        stop: str | Sequence[str],
        seed: int | None,
        rows: int,
    ) -> Iterator[list[str]]:
        self._check_fitted()
        whole("length", length, 1)
        whole("seed", 0 if seed is None else seed, 0, 2**63 - 1)
        context, prefix = split_prefix(prompt, self.tokenizer_)
        return generate_text(
            self.network_,
            self.tokenizer_,
            self.suggester.tokens(context),
            length=length,
            sampling=sampling,
            stop=[stop] if isinstance(stop, str) else stop,
            seed=seed,
            rows=rows,
            prefix=prefix,
            step=self._step,
        )

    def together(self) -> BatchedGenerator:
        """For texts that are written side by side, each begun when it is asked for."""
        self._check_fitted()
        return BatchedGenerator(self.network_, self.tokenizer_, self._step)

    def suggest(self, text: str, count: int = 3) -> list[Suggestion]:
        """The likeliest next words; letters typed of an unfinished last word must begin them.

        Words that `learn` was told of are among them, also where the model never saw them.

        Raises:
            SettingError: for a count below 1.
        """
        self._check_fitted()
        whole("count", count, 1)
        context, prefix = self.suggester.split_prefix(text)
        place = self.suggester.read(self.suggester.tokens(context))
        return self.suggester.suggest(place, prefix, UserPrior.counted(self.learned_), count)

    @property
    def suggester(self) -> Suggester:
        """Suggests step by step what `suggest` does at once, without what `learn` was told."""
        return Suggester(self.network_, self.tokenizer_, self._step, self._finder)

    @cached_property
    def _finder(self) -> WordIndex | PrefixSearch:
        return finder_for(self.tokenizer_)

    # Keeping

    def _contents(self) -> tuple[dict[str, Any], dict[str, Tensor]]:
        about = contents(self.network_, self.tokenizer_, self.learned_, self.record_)
        return about, dict(self.network_.named_parameters())

    def describe(self) -> dict[str, Any]:
        self._check_fitted()
        return {
            "task": self.task,
            "tokenizer": self.tokenizer_.name,
            "parameters": sum(p.numel() for p in self.network_.parameters()),
            "network": dataclasses.asdict(self.network_.architecture),
            "settings": self._plain_settings(),
            "training": self.record_,
            "learned words": len(self.learned_),
        }

    @classmethod
    def from_bundle(cls, bundle: Bundle) -> Self:
        file = opened(bundle)
        model = cls(**dataclasses.asdict(file.settings))
        model.network_, model.tokenizer_ = file.network, file.tokenizer
        model.learned_, model.record_ = file.learned, file.record
        return model
