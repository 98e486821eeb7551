"""Language modelling: text generation and suggestions of the next word.

Shapes: V vocabulary, N tokens of a text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from elman.bundle import Array
from elman.counts.ngrams import NGrams
from elman.data.cache import Cache
from elman.data.corpus import Corpus
from elman.decoding.next_token import NextTokenDistribution
from elman.errors import EmptyTextError, ModelFileError
from elman.nn.compiled.language_model import CompiledLanguageModel, language_model_layout
from elman.nn.compiled.mixture import log_softmax
from elman.nn.compiled.network import State
from elman.nn.compiled.predictor import Floats, NetworkPredictor
from elman.nn.compiled.trained import TrainedNetwork
from elman.ranges import check_integer
from elman.tasks.architecture import checked_stack
from elman.tasks.inputs import as_texts
from elman.tasks.language_modeling import counts
from elman.tasks.language_modeling.config import (
    LanguageModelSettings,
    checked_learned,
    recipe_of,
)
from elman.tasks.language_modeling.generation import TextGeneration
from elman.tasks.language_modeling.inputs import TextInput, check_length, prepared, source_of
from elman.tasks.language_modeling.line_scores import LineScore, score_lines
from elman.tasks.language_modeling.width import network_of, width_for
from elman.tasks.run import Run, TrainingData
from elman.tasks.weights import Blueprint, Stored
from elman.text.progress import ProgressCallback
from elman.text.tokenizers.table import TOKENIZERS, tokenizer_from_json
from elman.text.tokenizers.tokenizer import BOUNDARY, Tokenizer
from elman.training.events import Event, Finished
from elman.training.plan import Plan

if TYPE_CHECKING:
    from elman.decoding.suggester import Suggester
    from elman.decoding.suggestions import PrefixSearch, Suggestion
    from elman.decoding.word_index import WordIndex
    from elman.explain.trace import Trace
    from elman.nn.compiled.mixture import Mixture
    from elman.tasks.language_modeling.preview import GenerationPreviews
    from elman.training.bptt import BPTTDataset


class LanguageModel(LanguageModelSettings, TextGeneration):
    """A recurrent network that predicts the next token of a text.

    ::

        model = LanguageModel(minutes=3).fit(Path("tale.txt"))
        for piece in model.generate("Once upon", seed=1):
            print(piece, end="")
        model.save("tale.safetensors")

    Attributes, after fitting:
        network_: the `LanguageModelNetwork`.
        tokenizer_: its vocabulary.
        record_: how it was trained, as plain data; saved with the model.
        learned_: counts of the words of the user, from `learn`.
    """

    task: ClassVar[str] = "language"
    pipeline_tag: ClassVar[str] = "text-generation"
    _architecture_name: ClassVar[str] = "architecture"

    mixture_: Mixture | None = None
    tokenizer_: Tokenizer
    learned_: Counter[str]

    _ngrams: NGrams | None = None  # while the network is trained
    _width: int | None = None  # of `width_for`, in a training

    # Learning

    def fit(self, text: TextInput, *, valid: TextInput | None = None) -> Self:
        """Train on a text until the budget is spent; see `training`.

        Args:
            text: the training text.
            valid: the validation text; default: the last tenth of the training text.

        Raises:
            InputError: a text cannot be read, or is too short.
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
        check_length(text, train, recipe_of(settings).sequence_length)
        hashes = {"content": train.content_hash, "corpus": train.key, "valid": held_out.key}
        return TrainingData(train, held_out, hashes)

    def _begin(
        self, settings: LanguageModelSettings, data: TrainingData
    ) -> tuple[BPTTDataset, Plan, GenerationPreviews]:
        from elman.tasks.file_size import Shape, built_network
        from elman.tasks.language_modeling.preview import GenerationPreviews
        from elman.training.bptt import BPTTDataset

        train, valid, recipe = data.train, data.valid, recipe_of(settings)
        build, vocabulary = partial(network_of, train.tokenizer.size), train.tokenizer.to_json()
        division = self._divide(Shape(settings), recipe.hidden_size, build, vocabulary=vocabulary)
        if self._width is not None:
            narrower = replace(settings, hidden_size=self._width)
            self.network_ = built_network(build, Shape(narrower))
        self.tokenizer_ = train.tokenizer
        self.learned_ = Counter()
        vars(self).pop("_finder", None)  # of the previous tokenizer
        self._begin_record(data, characters=train.characters, words=train.words, tokens=len(train))
        stream = BPTTDataset(
            self.network_,
            train.ids,
            valid.ids,
            batch_size=recipe.batch_size,
            sequence_length=recipe.sequence_length,
        )
        previews = GenerationPreviews(self.network_, self.tokenizer_, train.ids, valid.ids)
        plan = recipe.plan_of(settings)
        self.mixture_, self._ngrams = None, None
        if settings.has_counts:
            self._ngrams = counts.count(train, division.counts, plan.minutes)
            if self._ngrams is None and not settings.has_network:
                raise counts.no_ngrams()
        return stream, plan, previews

    def _learn(
        self, settings: LanguageModelSettings, data: TrainingData, run: Run
    ) -> Iterator[Event]:
        self._width = width_for(settings, data, run)
        run = run.with_identity(width=self._width)
        for event in super()._learn(settings, data, run):
            if isinstance(event, Finished) and self._ngrams is not None:
                valid = data.valid if settings.has_network else None
                self.mixture_ = counts.mixture_of(self.network_, self._ngrams, valid, event.tokens)
                self._ngrams, self._compiled = None, None  # the step has another part now
            yield event

    def _outcome(self, event: Finished) -> dict[str, Any]:
        # There is no loss if training stopped before the first validation.
        return {"valid_nats_per_token": event.best_loss if event.best_step else None}

    def learn(self, text: str) -> Self:
        """Count the words of a user, so that `suggest` offers them; the network stays unchanged."""
        from elman.decoding.suggester import WORDS

        self._check_fitted()
        self.learned_.update(text[start:end] for start, end in WORDS.words_in(text))
        return self

    def forget(self, *words: str) -> Self:
        """Forget these words, or all words of the user if none is given."""
        self._check_fitted()
        for word in words or tuple(self.learned_):
            self.learned_.pop(word, None)
        return self

    # Predicting

    def score(self, text: TextInput) -> float:
        """The mean log-probability of a token in nats, with the state carried over the whole text;
        higher is better, as for scikit-learn's density estimators.

        Raises:
            InputError: the text cannot be read.
        """
        self._check_fitted()
        corpus = Corpus.prepare(source_of(text), self.tokenizer_, cache=Cache())
        return float(self.predictor.log_probabilities(corpus.ids).mean())

    def score_samples(self, X: Any) -> Floats:  # noqa: N803 (scikit-learn's names)
        """The log-probability of each text in nats (N,), each read alone as a line; it includes
        the line end after it. The name is that of scikit-learn's density estimators.

        Args:
            X: (N,) texts.

        Raises:
            InputError: X is not a list of texts.
        """
        return np.array([-each.nats for each in self.score_lines(as_texts(X))])

    def score_lines(self, lines: Sequence[str]) -> list[LineScore]:
        """The nats and perplexity of each line; see `score_samples`."""
        self._check_fitted()
        return score_lines(self.predictor, self.tokenizer_, lines)

    def start(self) -> State:
        """The state at the start of a text, for `step`."""
        self._check_fitted()
        network = self.predicting
        return network.step(np.array([BOUNDARY]), network.initial_state(1))[1]

    def step(self, text: str, state: State) -> tuple[NextTokenDistribution, State]:
        """Run the network over the next tokens of a text.

        Tokens of words include the space before them: "the", then "cat", is "the cat".

        Args:
            text: one or more tokens.
            state: from `start`, or the `step` before.

        Returns:
            The distribution of the next token, and the state, whose size is constant.

        Raises:
            EmptyTextError: the text is empty.
        """
        log_p, state = self.step_many([text], state)
        return NextTokenDistribution(log_p[0], self.tokenizer_), state

    def step_many(self, texts: Sequence[str], states: State) -> tuple[Floats, State]:
        """Continue N streams: one text and one row of the states each; see `step`.

        Returns:
            Log-probabilities (N, V) of the next token, and the states.
        """
        self._check_fitted()
        rows = [self.tokenizer_.encode(text) for text in texts]
        if not all(map(len, rows)):
            raise EmptyTextError("nothing to read", location="step", hint="Give it some text.")
        logits, states = self.predicting.read(rows, states)
        return log_softmax(logits), states

    def explain(self, text: str) -> Trace:
        """The activations of the network over a text, the predictions of the model, and what the
        network attributes them to.

        Raises:
            InputError: the text has no tokens, or more than `elman.explain.summary.MAX_TOKENS`.
        """
        from elman.tasks.language_modeling.explain import explain_language

        self._check_fitted()
        return explain_language(self.network_, self.mixture_, self.tokenizer_, text)

    def suggest(self, text: str, count: int = 3) -> list[Suggestion]:
        """The most probable next words, or completions of an unfinished last word, best first.

        Words from `learn` are included, also those outside the vocabulary.

        Args:
            text: the text so far.
            count: number of words, at least 1.

        Raises:
            SettingError: the count is below 1.
        """
        from elman.decoding.suggestions import UserPrior

        self._check_fitted()
        check_integer("count", count, 1)
        context, prefix = self.suggester.split_prefix(text)
        position = self.suggester.read(self.suggester.tokens(context))
        return self.suggester.suggest(position, prefix, UserPrior.counted(self.learned_), count)

    @property
    def suggester(self) -> Suggester:
        """The steps of `suggest`, without the words from `learn`."""
        from elman.decoding.suggester import Suggester

        return Suggester(self.predicting, self.tokenizer_, self._finder)

    @cached_property
    def _finder(self) -> WordIndex | PrefixSearch:
        from elman.decoding.suggester import finder_for

        return finder_for(self.tokenizer_)

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the word search too: it is built again on demand."""
        return {name: value for name, value in super().__getstate__().items() if name != "_finder"}

    # Saving

    @property
    def predicting(self) -> CompiledLanguageModel:
        """What predicts: the network, with the counts beside it if there are any."""
        compiled: CompiledLanguageModel = self._inference
        if compiled.mixture is not self.mixture_:  # the gate has been fitted since
            assert self._compiled is not None
            self._compiled.clear()
            compiled = self._inference
        return compiled

    @property
    def predictor(self) -> NetworkPredictor:
        """What scores whole texts, with the current weights."""
        return NetworkPredictor(self.predicting)

    def _compile(self, trained: TrainedNetwork) -> CompiledLanguageModel:
        return CompiledLanguageModel(trained, self._config, self.mixture_)

    def _contents(self) -> dict[str, Any]:
        return {
            "vocabulary": self.tokenizer_.to_json(),
            "learned": dict(self.learned_),
            "counts": None if self.mixture_ is None else counts.contents(self.mixture_),
        }

    def _arrays(self) -> dict[str, Array]:
        more = {} if self.mixture_ is None else counts.arrays(self.mixture_)
        return {**super()._arrays(), **more}

    def _facts(self) -> dict[str, Any]:
        found = {"tokenizer": self.tokenizer_.name, "learned words": len(self.learned_)}
        of_counts = None if self.mixture_ is None else counts.facts(self.mixture_)
        return {**found, "counts": of_counts}

    def _restore(self, about: dict[str, Any]) -> Stored:
        self.tokenizer_ = tokenizer_from_json(about.get("vocabulary"))
        architecture = checked_stack(about.get("architecture"), self.tokenizer_.size)
        self.learned_ = checked_learned(about.get("learned"))
        if (self.tokenizer, self.cell) != (self.tokenizer_.name, architecture.cell):
            raise ModelFileError("its settings are not those of its vocabulary and network")
        beside = counts.layout(about.get("counts"), architecture.vocabulary)
        return Stored(
            Blueprint("elman.nn.language_model.LanguageModelNetwork", (architecture,)),
            architecture,
            partial(language_model_layout, architecture),
            beside,
        )

    def _take(self, beside: dict[str, Array], about: dict[str, Any]) -> None:
        self.mixture_ = counts.restored(about.get("counts"), beside)


MODEL = LanguageModel
