"""Text generation and the next word: many out, each fed back in.

Shapes: V vocabulary, N tokens of a text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Any, ClassVar, Self

from torch import Tensor

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
from elman.errors import EmptyTextError, ModelFileError
from elman.explain.trace import Trace
from elman.nn.blocks import NetworkState, StackConfig
from elman.nn.language_model import LanguageModelNetwork
from elman.ranges import whole
from elman.tasks.architecture import checked_stack
from elman.tasks.estimator import Model, TrainingData
from elman.tasks.language_modeling.config import (
    LanguageModelSettings,
    architecture_of,
    checked_learned,
    recipe_of,
)
from elman.tasks.language_modeling.explain import explain_language
from elman.tasks.language_modeling.inputs import TextInput, check_length, prepared, source_of
from elman.tasks.language_modeling.preview import GenerationPreviews
from elman.text.progress import ProgressCallback
from elman.text.tokenizers.table import TOKENIZERS, tokenizer_from_json
from elman.text.tokenizers.tokenizer import BOUNDARY, Tokenizer
from elman.training.bptt import BPTTDataset
from elman.training.eval_mode import seeded
from elman.training.events import Finished
from elman.training.plan import Plan


class LanguageModel(LanguageModelSettings, Model):
    """A recurrent network that has read a text and writes more of it.

    ::

        model = LanguageModel(minutes=3).fit(Path("tale.txt"))
        for piece in model.generate("Once upon", seed=1):
            print(piece, end="")
        model.save("tale.safetensors")

    Attributes, once fitted:
        network_: the `LanguageModelNetwork`; tokenizer_: the vocabulary.
        record_: how it was trained, as plain data; it is saved with the model.
        learned_: the words that `learn` was told of, and how often.
    """

    task: ClassVar[str] = "language"
    pipeline_tag: ClassVar[str] = "text-generation"
    _architecture_name: ClassVar[str] = "architecture"

    network_: LanguageModelNetwork
    tokenizer_: Tokenizer
    learned_: Counter[str]

    # Learning

    def fit(self, text: TextInput, *, valid: TextInput | None = None) -> Self:
        """Learn from a text until the budget is spent; see `training`.

        Args:
            text: what to learn from; without `valid` its last tenth is held out.
            valid: another text to choose the best weights by.

        Raises:
            InputError: where a text cannot be read, or is too short.
        """
        return self._fit(text, valid=valid)

    def _prepare(
        self,
        settings: LanguageModelSettings,
        text: TextInput,
        *,
        valid: TextInput | None = None,
        cache: Cache | None = None,
        progress: ProgressCallback | None = None,
    ) -> TrainingData:
        tokenizer = TOKENIZERS[settings.tokenizer]
        cache = Cache() if cache is None else cache
        train, held_out = prepared(text, valid, tokenizer, cache, progress)
        check_length(text, train, recipe_of(settings).time)
        hashes = {"content": train.content_hash, "corpus": train.key, "valid": held_out.key}
        return TrainingData(train, held_out, hashes)

    def _begin(
        self, settings: LanguageModelSettings, data: TrainingData
    ) -> tuple[BPTTDataset, Plan, GenerationPreviews]:
        train, valid, recipe = data.train, data.valid, recipe_of(settings)
        with seeded(settings.seed):
            self.network_ = LanguageModelNetwork(architecture_of(settings, train.tokenizer.size))
        self.tokenizer_ = train.tokenizer
        self.learned_ = Counter()
        vars(self).pop("_finder", None)  # the tokenizer is another than it was
        self._begin_record(data, characters=train.characters, words=train.words, tokens=len(train))
        stream = BPTTDataset(
            self.network_, train.ids, valid.ids, batch_size=recipe.rows, sequence_length=recipe.time
        )
        previews = GenerationPreviews(self.network_, self.tokenizer_, train.ids, valid.ids)
        return stream, recipe.plan_of(settings), previews

    def _outcome(self, event: Finished) -> dict[str, Any]:
        # Stopped before the first look at the held-out text, there is no loss.
        return {"valid_nats_per_token": event.best_loss if event.best_step else None}

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

    def _architecture(self) -> StackConfig:
        return self.network_.config

    def _contents(self) -> dict[str, Any]:
        return {"vocabulary": self.tokenizer_.to_json(), "learned": dict(self.learned_)}

    def _facts(self) -> dict[str, Any]:
        return {"tokenizer": self.tokenizer_.name, "learned words": len(self.learned_)}

    def _restore(self, about: dict[str, Any]) -> Callable[[], LanguageModelNetwork]:
        self.tokenizer_ = tokenizer_from_json(about.get("vocabulary"))
        architecture = checked_stack(about.get("architecture"), self.tokenizer_.size)
        self.learned_ = checked_learned(about.get("learned"))
        if (self.tokenizer, self.cell) != (self.tokenizer_.name, architecture.cell):
            raise ModelFileError("its settings are not those of its vocabulary and network")
        return lambda: LanguageModelNetwork(architecture)


MODEL = LanguageModel
