"""A language model on arrays.

Shapes: B rows, T tokens of a row, N tokens of all rows, W hidden size, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from elman.cells.program import CellProgram
from elman.errors import UntraceableError
from elman.kernels.step_program import StepProgram
from elman.nn.compiled.layouts import Shapes, stack_layout, under
from elman.nn.compiled.lowering import (
    lower_language_model,
    lower_mix,
    output_of,
    state_slots,
)
from elman.nn.compiled.mixture import Mixture, normalisation_of
from elman.nn.compiled.network import (
    Array,
    CompiledNetwork,
    Floats,
    State,
    StepStream,
    Stream,
    compiled_linear,
    in_parts,
    initial_parts,
)
from elman.nn.compiled.trained import TrainedNetwork
from elman.nn.compiled.weights import Weights
from elman.nn.config import StackConfig

Tokens = npt.NDArray[np.integer[Any]]

FEW = 8  # up to so many tokens, single steps are faster than reading at once
SCORED = 64  # tokens whose logits are held at once, where there is no native core


def language_model_layout(config: StackConfig, cell: CellProgram) -> Shapes:
    """The names and shapes of the weights of a `LanguageModelNetwork`."""
    vectors = (config.vocabulary, config.hidden_size)
    shapes: Shapes = {"embedding.weight": vectors}
    shapes |= under("stack", stack_layout(config, cell))
    if not config.tied:
        shapes["output.weight"] = vectors
    return shapes | {"output.bias": (config.vocabulary,)}


class CompiledLanguageModel:
    """Tokens to the logits of the next; with counts, to the log-probabilities of both parts.

    The state is that of the stack, then with counts the contexts of the n-grams.

    Args:
        trained: a `LanguageModelNetwork`.
        config: of the network.
        mixture: the counts beside it.
    """

    def __init__(
        self, trained: TrainedNetwork, config: StackConfig, mixture: Mixture | None = None
    ) -> None:
        self.config, self.vocabulary = config, config.vocabulary
        self.mixture = mixture
        self._weights = trained.weights
        self._scale = np.float32(config.hidden_size**0.5 if config.tied else 1.0)
        self._stack = trained.stack("stack", config)
        weight, bias = output_of(trained.weights, tied=config.tied)
        self._output_weights = weight, bias
        self._output = self._step = self._scorer = None
        if trained.program is not None:
            self._output = compiled_linear(weight, bias, int8=trained.int8)
            self._scorer = _compiled_scorer(weight, bias, int8=trained.int8)
            try:
                self._step = compiled_language_model(
                    config, trained.program, trained.weights, mixture, int8=trained.int8
                )
            except UntraceableError:
                self._step = None

    @property
    def is_compiled(self) -> bool:
        """Whether the native core runs its steps."""
        return self._step is not None

    def initial_state(self, rows: int) -> State:
        state = self._stack.initial_state(rows)
        return state if self.mixture is None else (*state, self.mixture.counts.start(rows))

    def step(self, tokens: Array, state: State) -> tuple[Floats, State]:
        """One token of each row (B,) -> logits (B, V), the state after."""
        if self._step is not None:
            return self._step.step(tokens, state)
        stack, contexts = self._parts(state)
        y, after = self._stack.step(self._embedded(tokens), stack)
        logits = self.logits(y)
        if self.mixture is None:
            return logits, after
        contexts = self.mixture.counts.advance(contexts, np.asarray(tokens, dtype=np.int64))
        return self.mixture.mix(logits, contexts), (*after, contexts)

    def stream(self, state: State) -> Stream:
        """A loop of steps from a state."""
        return StepStream(self, state) if self._step is None else self._step.stream(state)

    def read(self, rows: Sequence[Tokens], state: State) -> tuple[Floats, State]:
        """Several tokens of each row, at least one -> logits (B, V) after the last, the state."""
        lengths = np.fromiter(map(len, rows), np.int64, len(rows))
        if lengths.max() == lengths.min() <= FEW:
            for tokens in np.stack(rows, axis=1):
                logits, state = self.step(tokens, state)
            return logits, state
        stack, contexts = self._parts(state)
        y, after = self._stack.read(self._embedded(np.concatenate(rows)), lengths, stack)
        logits = self.logits(y[np.cumsum(lengths) - 1])
        if self.mixture is None:
            return logits, after
        counts = self.mixture.counts
        pairs = zip(rows, contexts, strict=True)
        contexts = np.stack(
            [counts.states(np.asarray(row, dtype=np.int64), before)[-1] for row, before in pairs]
        )
        return self.mixture.mix(logits, contexts), (*after, contexts)

    def features(
        self, tokens: Tokens, lengths: Array, state: State | None = None
    ) -> tuple[Floats, State]:
        """The inputs of the output layer (N, W), of one text after another, and the state of the
        stack after each; `state` is that of the stack before."""
        return self._stack.read(self._embedded(tokens), lengths, state)

    def logits(self, features: Floats) -> Floats:
        """The network's logits (B, V) from the inputs of the output layer (B, W)."""
        if self._output is not None:
            return self._output.step(features, ())[0]
        weight, bias = self._output_weights
        with np.errstate(over="ignore", invalid="ignore"):
            logits: Floats = features @ weight.T + bias
        return logits

    def scored(self, features: Floats, targets: Tokens) -> tuple[Floats, Floats]:
        """The network's log-probability of each target (N,), and the entropy in nats of the
        distribution that it comes from, from the inputs of the output layer (N, W)."""
        targets = np.ascontiguousarray(targets, dtype=np.int64)
        if len(targets) and not 0 <= targets.min() <= targets.max() < self.vocabulary:
            raise IndexError("a token outside of the vocabulary")
        if self._scorer is not None:
            return _scored(self._scorer, features, targets)
        log_p, entropies = (np.empty(len(targets), dtype=np.float32) for _ in range(2))
        for begin in range(0, len(targets), SCORED):
            part = slice(begin, begin + SCORED)
            logits = self.logits(features[part])
            log_total, entropies[part] = normalisation_of(logits)
            log_p[part] = np.take_along_axis(logits, targets[part, None], 1)[:, 0] - log_total
        return log_p, entropies

    def _parts(self, state: State) -> tuple[State, Array]:
        """The state of the stack, and the contexts of the counts if there are any."""
        return (state, np.zeros(0)) if self.mixture is None else (state[:-1], state[-1])

    def _embedded(self, tokens: Array) -> Floats:
        vectors: Floats = self._weights["embedding.weight"][np.asarray(tokens, dtype=np.int64)]
        return vectors * self._scale


def compiled_language_model(
    config: StackConfig,
    cell: CellProgram,
    weights: Weights,
    mixture: Mixture | None = None,
    *,
    int8: bool = False,
) -> CompiledNetwork:
    """From tokens to the logits of the next, or with counts to the log-probabilities of both.

    Args:
        config, cell, weights: of the language model, as in `elman.nn.compiled.lowering`.
        mixture: the counts beside it.
        int8: use int8 products (`StepProgram`).
    """
    program, vocabulary = StepProgram(int8=int8), config.vocabulary
    tokens, output = program.outer(1, integer=True), program.outer(vocabulary)
    states = state_slots(program, config, cell)
    initial = initial_parts(config, cell, weights.under("stack"))
    logits = output if mixture is None else program.inner(vocabulary)
    lower_language_model(program, config, cell, weights, tokens, states, logits)
    if mixture is not None:
        gate = mixture.gate
        contexts = program.state(len(mixture.counts.orders), integer=True)
        figures = (gate.bias, gate.mass, gate.entropy)
        lower_mix(program, mixture.counts, figures, tokens, logits, contexts, output)
        initial.append(mixture.counts.start(1))
    return CompiledNetwork(program, initial, inputs=0, outputs=vocabulary)


def _compiled_scorer(weight: Floats, bias: Floats, *, int8: bool) -> StepProgram:
    """From the inputs of an output layer (N, W) and targets (N, 1) to the log-probability of each
    target and the entropy (N, 2)."""
    program, (vocabulary, width) = StepProgram(int8=int8), weight.shape
    x, targets, out = program.outer(width), program.outer(1, integer=True), program.outer(2)
    logits = program.linear(x, weight, bias, program.inner(vocabulary))
    program.token_score(logits, targets, out)
    return program


def _scored(program: StepProgram, features: Floats, targets: Array) -> tuple[Floats, Floats]:
    features = np.ascontiguousarray(features, dtype=np.float32)
    out = np.empty((len(targets), 2), dtype=np.float32)

    def run(begin: int, end: int) -> None:
        outers = [part[begin:end].ctypes.data for part in (features, targets, out)]
        program.run_over_time([1] * (end - begin), outers)

    in_parts(len(targets), run)
    return out[:, 0].copy(), out[:, 1].copy()
