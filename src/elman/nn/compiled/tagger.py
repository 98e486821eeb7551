"""A tagger on arrays: its network, and the linear model beside it.

`elman.nn.tagger` has the formulas and the sources.

Shapes: B sentences, T words of one, N words of all sentences of a batch, F features of a word,
K tags, C best sequences.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal, NamedTuple, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from elman.cells.program import CellProgram
from elman.nn.compiled.chain import CompiledChain, Integers
from elman.nn.compiled.classifier import batches
from elman.nn.compiled.encoder import CompiledEncoder
from elman.nn.compiled.layouts import Shapes, encoder_layout, linear_layout, under
from elman.nn.compiled.network import Array, Floats
from elman.nn.compiled.trained import TrainedNetwork
from elman.nn.compiled.weights import Weights
from elman.nn.config import EncoderConfig
from elman.text.subword_hashing import WordForms
from elman.text.tagsets import LegalTransitions

Part = Literal["both", "network", "counts"]
"""What answers: the network, the linear model, or both together."""

Result = TypeVar("Result")

_TOKENS = 2**13  # words read at once, at most ...
_SCORES = 2**21  # ... and their scores; a longer sentence is read alone


def tagger_layout(config: EncoderConfig, tags: int, buckets: int, cell: CellProgram) -> Shapes:
    """The names and shapes of the weights of a `TaggerNetwork`."""
    chain = {"start": (tags,), "pairs": (tags, tags), "end": (tags,)}
    shapes: Shapes = {
        **under("encoder", encoder_layout(config, cell)),
        **under("output", linear_layout(config.hidden_size, tags)),
        **under("crf", dict(chain)),
    }
    if buckets:
        counts: Shapes = {"weight": (buckets, tags), "bias": (tags,), **under("crf", dict(chain))}
        shapes |= under("counts", counts)
    return shapes


class Sentences(Protocol):
    """Sentences of at least one word, as a tagger reads them."""

    rows: Sequence[npt.NDArray[Any]]  # of each (T,) token ids, or indices into `forms`

    @property
    def forms(self) -> WordForms | None:
        """The distinct words of sentences in words."""

    def features(self, place: int) -> Integers:
        """The ids (T, F) of the features of a sentence's words, for a linear model."""


class BestSequences(NamedTuple):
    """The most probable tags of a sentence."""

    tags: Integers  # (C, T) the best first
    log_p: npt.NDArray[np.floating[Any]]  # (C,), minus infinity beyond the allowed sequences


class CompiledTagger:
    """A `TaggerNetwork`.

    Args:
        trained: the network.
        config: of its encoder.
        allowed: the transitions between tags that it allows.
    """

    def __init__(
        self, trained: TrainedNetwork, config: EncoderConfig, allowed: LegalTransitions
    ) -> None:
        weights = trained.weights
        self._encoder = CompiledEncoder(trained, "encoder", config)
        self._weight, self._bias = weights.linear("output")
        self._most = min(_TOKENS, max(1, _SCORES // len(self._bias)))
        parts = [_transitions(weights.under("crf"))]
        self._chains: dict[Part, CompiledChain] = {"network": CompiledChain(*parts[0], allowed)}
        self._counts: Weights | None = None
        if "counts.weight" in weights:
            self._counts = weights.under("counts")
            parts.append(_transitions(self._counts.under("crf")))
            self._chains["counts"] = CompiledChain(*parts[1], allowed)
        start, pairs, end = (sum(each[1:], start=each[0]) for each in zip(*parts, strict=True))
        self._chains["both"] = CompiledChain(start, pairs, end, allowed)

    def best(self, sentences: Sentences, part: Part = "both") -> list[Integers]:
        """The best allowed tags (T,) of each sentence.

        Args:
            part: what answers; "counts" only where there is a linear model.
        """
        chain = self._chains[part]

        def answer(logits: Floats, lengths: Array) -> Iterator[Integers]:
            (tags,), _ = chain.ranked(logits, lengths)
            yield from np.split(tags, _splits(lengths))

        return self._answers(sentences, part, answer)

    def most_probable(self, sentences: Sentences, count: int) -> list[BestSequences]:
        """The `count` most probable tag sequences of each sentence by all parts."""
        chain = self._chains["both"]

        def answer(logits: Floats, lengths: Array) -> Iterator[BestSequences]:
            tags, log_p = chain.best(logits, lengths, count)
            yield from map(BestSequences, np.split(tags, _splits(lengths), axis=1), log_p.T)

        return self._answers(sentences, "both", answer)

    def marginals(self, sentences: Sentences) -> list[npt.NDArray[np.float64]]:
        """The probability (T, K) of each tag of each word by all parts."""
        chain = self._chains["both"]

        def answer(logits: Floats, lengths: Array) -> Iterator[npt.NDArray[np.float64]]:
            yield from np.split(chain.marginals(logits, lengths), _splits(lengths))

        return self._answers(sentences, "both", answer)

    def scores(self, sentences: Sentences, places: Sequence[int], part: Part = "both") -> Floats:
        """The emission scores (N, K) of some sentences, one after another."""
        if part == "counts":
            return self._counted(sentences, places)
        rows = [sentences.rows[place] for place in places]
        vectors = self._encoder.vectors(rows, sentences.forms)
        encoded, _ = self._encoder.encode(vectors, _lengths(rows))
        scores: Floats = encoded @ self._weight.T + self._bias
        if part == "network" or self._counts is None:
            return scores
        return scores + (self._counted(sentences, places) + self._counts["bias"])

    def _counted(self, sentences: Sentences, places: Sequence[int]) -> Floats:
        """The emission scores (N, K) of the linear model."""
        assert self._counts is not None
        features = np.concatenate([sentences.features(place) for place in places])
        weight, scores = self._counts["weight"], np.zeros((len(features), len(self._bias)), "f4")
        for column in features.T:  # the weights of all features at once would be F times as many
            scores += weight[column]
        return scores

    def _answers(
        self,
        sentences: Sentences,
        part: Part,
        answer: Callable[[Floats, Array], Iterator[Result]],
    ) -> list[Result]:
        """What is answered for each sentence, some of similar lengths at a time.

        Args:
            answer: from scores (N, K) and lengths (B,) to B answers.
        """
        found: dict[int, Result] = {}
        for places in batches([len(row) for row in sentences.rows], self._most):
            lengths = _lengths([sentences.rows[place] for place in places])
            answers = answer(self.scores(sentences, places, part), lengths)
            found |= zip(places, answers, strict=True)
        return [found[place] for place in range(len(sentences.rows))]


def _transitions(weights: Weights) -> tuple[Array, Array, Array]:
    return weights["start"], weights["pairs"], weights["end"]


def _lengths(rows: Sequence[Array]) -> npt.NDArray[np.int64]:
    return np.fromiter(map(len, rows), np.int64, len(rows))


def _splits(lengths: Array) -> Array:
    """Where the words of each sentence but the first begin."""
    return np.cumsum(lengths)[:-1]
