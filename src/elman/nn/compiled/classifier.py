"""A classifier on arrays.

Shapes: B texts, N tokens of all texts, R the encoder's hidden size, K classes, M members.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from elman.cells.program import CellProgram
from elman.nn.compiled.encoder import CompiledEncoder
from elman.nn.compiled.layouts import Shapes, encoder_layout, linear_layout, under
from elman.nn.compiled.mixture import log_softmax
from elman.nn.compiled.network import Array, Floats, State
from elman.nn.compiled.trained import TrainedNetwork
from elman.nn.config import EncoderConfig
from elman.text.subword_hashing import WordForms

BELOW_ALL = -1e4
"""Below every element of a vector; `elman.nn.classifier` has the same."""

TOKENS = 2**14  # tokens read at once, at most; a longer text is read alone
FEW = 8  # texts of up to so many tokens each are read step by step


def classifier_layout(
    config: EncoderConfig, classes: int, members: int, cell: CellProgram
) -> Shapes:
    """The names and shapes of the weights of a `ClassifierNetwork`."""
    shapes: Shapes = {}
    for member in range(members):
        shapes |= under(f"members.{member}.encoder", encoder_layout(config, cell))
        output = linear_layout(2 * config.hidden_size, classes)
        shapes |= under(f"members.{member}.output", output)
    return shapes


class CompiledClassifier:
    """A `ClassifierNetwork`: its encoders, pooled over time, and its last layers.

    The state of a text is, for each member, that of its encoder, then the running maximum and sum
    of its vectors (B, R) and the number of its tokens (B, 1).

    Args:
        trained: the network.
        config: of each member's encoder.
        members: M.
    """

    def __init__(self, trained: TrainedNetwork, config: EncoderConfig, members: int) -> None:
        self.config = config
        self._members = [
            _PooledEncoder(trained, f"members.{member}", config) for member in range(members)
        ]

    def initial_state(self, rows: int) -> State:
        """The state of so many texts before their first token, for one direction."""
        return tuple(part for each in self._members for part in each.initial_state(rows))

    def log_probabilities(self, rows: Sequence[Array], forms: WordForms | None = None) -> Floats:
        """The logs of the members' mean probabilities of each class (B, K), of whole texts.

        Args:
            rows: the token ids of each text, or indices into `forms`, at least one each.
            forms: of the words of texts in words.
        """
        found = [np.zeros(0, dtype=np.float32)] * len(rows)
        for chosen in batches([len(row) for row in rows], TOKENS):
            batch = [rows[index] for index in chosen]
            logits = np.stack([each.logits(batch, forms) for each in self._members])
            for index, answer in zip(chosen, log_mean_probabilities(logits), strict=True):
                found[index] = answer
        return np.stack(found)

    def continued(
        self, rows: Sequence[Array], forms: WordForms | None, state: State
    ) -> tuple[Floats, State]:
        """As `log_probabilities`, after further tokens of each text; with the state after."""
        size = len(state) // len(self._members)
        logits: list[Floats] = []
        after: list[Array] = []
        for number, member in enumerate(self._members):
            before = state[number * size : (number + 1) * size]
            answer, following = member.continued(rows, forms, before)
            logits.append(answer)
            after.extend(following)
        return log_mean_probabilities(np.stack(logits)), tuple(after)


def batches(lengths: Sequence[int], most: int) -> Iterator[list[int]]:
    """The indices of texts in batches of similar lengths, of at most so many tokens each."""
    batch: list[int] = []
    tokens = 0
    for index in sorted(range(len(lengths)), key=lengths.__getitem__):
        if batch and tokens + lengths[index] > most:
            yield batch
            batch, tokens = [], 0
        batch.append(index)
        tokens += lengths[index]
    if batch:
        yield batch


def log_mean_probabilities(logits: Floats) -> Floats:
    """Each member's logits (M, ..., K) -> the logs of their mean probabilities (..., K)."""
    mean: Floats = np.logaddexp.reduce(log_softmax(logits), axis=0) - math.log(len(logits))
    return mean.astype(np.float32)


class _PooledEncoder:
    def __init__(self, trained: TrainedNetwork, name: str, config: EncoderConfig) -> None:
        self._size = config.hidden_size
        self._encoder = CompiledEncoder(trained, f"{name}.encoder", config)
        self._weight, self._bias = trained.weights.linear(f"{name}.output")

    def initial_state(self, rows: int) -> State:
        zeros = np.zeros((rows, self._size), dtype=np.float32)
        (encoder,) = self._encoder.initial_states(rows)
        return (*encoder, zeros + np.float32(BELOW_ALL), zeros, zeros[:, :1])

    def logits(self, rows: Sequence[Array], forms: WordForms | None) -> Floats:
        lengths = np.fromiter(map(len, rows), np.int64, len(rows))
        ys, _ = self._encoder.encode(self._encoder.vectors(rows, forms), lengths)
        starts = np.cumsum(lengths) - lengths
        most = np.maximum.reduceat(ys, starts, axis=0)
        total = np.add.reduceat(ys, starts, axis=0)
        return self._answer(most, total / lengths[:, None].astype(np.float32))

    def continued(
        self, rows: Sequence[Array], forms: WordForms | None, state: State
    ) -> tuple[Floats, State]:
        *encoder, most, total, tokens = state
        lengths = np.fromiter(map(len, rows), np.int64, len(rows))
        vectors = self._encoder.vectors(rows, forms)
        if lengths.max() == lengths.min() <= FEW:
            states: tuple[State, ...] = (tuple(encoder),)
            for step in vectors.reshape(len(rows), -1, vectors.shape[1]).swapaxes(0, 1):
                y, states = self._encoder.step(step, states)
                most, total = np.maximum(most, y), total + y
        else:
            ys, states = self._encoder.encode(vectors, lengths, (tuple(encoder),))
            starts = np.cumsum(lengths) - lengths
            most = np.maximum(most, np.maximum.reduceat(ys, starts, axis=0))
            total = total + np.add.reduceat(ys, starts, axis=0)
        tokens = tokens + lengths[:, None].astype(np.float32)
        return self._answer(most, total / tokens), (*states[0], most, total, tokens)

    def _answer(self, most: Floats, mean: Array) -> Floats:
        with np.errstate(over="ignore", invalid="ignore"):
            logits: Floats = np.concatenate([most, mean], axis=1) @ self._weight.T + self._bias
        return logits
