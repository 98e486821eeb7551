"""Encoder-decoders on arrays.

Shapes: R sources, K targets of each, N tokens of all sources, T target time, S tokens of the
longest source, W hidden size, H heads, E = W / H, V target vocabulary, D size of a source vector.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, Protocol, cast

import numpy as np
import numpy.typing as npt

from elman.cells.program import CellProgram
from elman.errors import UntraceableError
from elman.kernels.step_program import StepProgram
from elman.nn.compiled.formulas import gated_mlp, linear, rms_norm, softmax
from elman.nn.compiled.lowering import lower_decoder, state_slots
from elman.nn.compiled.network import CompiledNetwork, State, compiled_block, initial_parts
from elman.nn.compiled.trained import TrainedNetwork
from elman.nn.compiled.weights import Array, Floats, Weights
from elman.nn.config import EMBEDDING_SCALE, MAX_DEVIATIONS, Seq2SeqConfig

if TYPE_CHECKING:
    from elman.nn.seq2seq import EncoderDecoder

Sources = Sequence[Array] | Floats
"""The token ids of R texts, none without tokens; or R vectors (R, D)."""


def some_of(sources: Sources, indices: npt.NDArray[np.int64]) -> Sources:
    """The sources with these indices (R,)."""
    if isinstance(sources, np.ndarray):
        return sources[indices]
    return [sources[index] for index in indices.tolist()]


class TargetState(NamedTuple):
    """The recurrent state of a decoder, and what it attends to."""

    state: State  # (R K, ...) each
    memory: State  # keys and values (R, H, S, E) of each block, then the additive mask (R, S)


class ArraySeq2Seq(Protocol):
    """An encoder-decoder on arrays."""

    config: Seq2SeqConfig

    def encode(self, sources: Sources) -> TargetState:
        """The state before the first token of the target, with K = 1."""

    def step(self, tokens: Array, before: TargetState) -> tuple[Floats, TargetState]:
        """One token of each target, (R K,); the targets of one source are adjacent.

        Returns:
            The logits (R K, V) of the next tokens, which the caller may overwrite, and the state
            after.
        """

    def attention(self, tokens: Array, start: TargetState) -> Floats:
        """The attention weights (R K, T, S) at the tokens (T, R K) of targets, averaged over
        blocks and heads."""


def seq2seq_of(trained: TrainedNetwork, config: Seq2SeqConfig) -> ArraySeq2Seq:
    """What generates with a network: on the native core if possible, else through PyTorch."""
    if trained.program is not None:
        with suppress(UntraceableError):
            return CompiledSeq2Seq(config, trained.program, trained.weights, int8=trained.int8)
    from elman.nn.torch_seq2seq import TorchSeq2Seq

    return TorchSeq2Seq(cast("EncoderDecoder", trained.module()))


class CompiledSeq2Seq:
    """An `ArraySeq2Seq` on the native core, equal to an `EncoderDecoder` without dropout.

    Args:
        config: of the network.
        cell: the traced step of its cell.
        weights: its parameters.
        int8: decode with int8 products (`StepProgram`); the encoder is always exact.

    Raises:
        UntraceableError: only PyTorch can run the step of the cell.
    """

    def __init__(
        self, config: Seq2SeqConfig, cell: CellProgram, weights: Weights, *, int8: bool = False
    ) -> None:
        self.config = config
        self._cell, self._weights = cell, weights
        self._encoder: _TextEncoder | _VectorEncoder = (
            _VectorEncoder(weights.under("encoder"))
            if config.order == "vector"
            else _TextEncoder(config, cell, weights)
        )
        layers = [
            weights.under(f"blocks.{number}.attention.{name}")
            for number in range(config.blocks.layers)
            for name in ("key", "value")
        ]
        self._keys_and_values = Weights(
            {name: np.concatenate([layer[name] for layer in layers]) for name in ("weight", "bias")}
        )
        self._decoder = self._decoder_program(int8=int8, logits=True)

    def encode(self, sources: Sources) -> TargetState:
        with np.errstate(over="ignore", invalid="ignore"):  # a logit that is NaN is refused later
            vectors, lengths = self._encoder(sources)
            memory = self._memory(vectors, lengths)
        return TargetState(self._decoder.initial_state(len(lengths)), memory)

    def step(self, tokens: Array, before: TargetState) -> tuple[Floats, TargetState]:
        return self._step(self._decoder, tokens, before)

    def attention(self, tokens: Array, start: TargetState) -> Floats:
        *memory, mask = start.memory
        sources, heads, width = memory[0].shape[0], *memory[0].shape[1::2]
        before, steps = start, []
        for row in tokens:
            queries, before = self._step(self._queries, row, before)
            steps.append(queries)
        shape = (len(tokens), sources, tokens.shape[1] // sources, -1, heads, width)
        by_block = np.stack(steps).reshape(shape).transpose(3, 1, 4, 2, 0, 5)  # layers R H K T E
        weights = [
            softmax(self._scores(number, queries, keys) + mask[:, None, None, None])
            for number, (queries, keys) in enumerate(zip(by_block, memory[::2], strict=True))
        ]
        mean = np.stack([each.mean(1) for each in weights]).mean(0)  # R K T S
        y: Floats = mean.reshape(tokens.shape[1], len(tokens), -1)
        return y

    def _scores(self, number: int, queries: Floats, keys: Floats) -> Floats:
        """The scores (R, H, K, T, S) of keys (R, H, S, E) for queries (R, H, K, T, E)."""
        if self.config.attention != "additive":
            scaled: Floats = queries @ keys[:, :, None].swapaxes(3, 4) / math.sqrt(keys.shape[3])
            return scaled
        both = np.tanh(queries[:, :, :, :, None] + keys[:, :, None, None])
        weigh = self._weights[f"blocks.{number}.attention.weigh.weight"][0]
        scores: Floats = both @ weigh  # without its bias, which cancels in the softmax
        return scores

    def _memory(self, vectors: Floats, lengths: Array) -> State:
        """The memory of the vectors (N, W) of sources, with lengths (R,)."""
        real = np.arange(lengths.max(initial=0)) < lengths[:, None]
        projected = linear(self._keys_and_values, vectors)
        heads = self.config.heads
        shape = (2 * self.config.blocks.layers, heads, self.config.blocks.hidden_size // heads)
        padded = np.zeros((*real.shape, *shape), dtype=np.float32)
        padded[real] = projected.reshape(-1, *shape)
        mask = np.where(real, np.float32(0), np.float32(-np.inf))
        return (*map(np.ascontiguousarray, padded.transpose(2, 0, 3, 1, 4)), mask)

    def _step(
        self, network: CompiledNetwork, tokens: Array, before: TargetState
    ) -> tuple[Floats, TargetState]:
        *memory, mask = before.memory
        sizes = np.array([mask.shape[1], len(tokens) // max(1, len(mask))])
        shared = [
            part
            for block in zip(memory[::2], memory[1::2], strict=True)
            for part in (*block, mask, sizes)
        ]
        y, after = network.step(tokens, before.state, shared)
        return y, TargetState(after, before.memory)

    @cached_property
    def _queries(self) -> CompiledNetwork:
        """From a token to the queries of all blocks, (R K, layers W)."""
        return self._decoder_program(int8=False, logits=False)

    def _decoder_program(self, *, int8: bool, logits: bool) -> CompiledNetwork:
        config, blocks = self.config, self.config.blocks
        program = StepProgram(int8=int8)
        outputs = blocks.vocabulary if logits else blocks.layers * blocks.hidden_size
        tokens, output = program.outer(1, integer=True), program.outer(outputs)
        lower_decoder(
            program,
            blocks,
            self._cell,
            config.heads,
            self._weights,
            tokens,
            state_slots(program, blocks, self._cell),
            EMBEDDING_SCALE,
            **{"logits" if logits else "queries": output},
        )
        initial = initial_parts(blocks, self._cell, self._weights)
        return CompiledNetwork(program, initial, inputs=0, outputs=outputs)


class _TextEncoder:
    """As `elman.nn.seq2seq.SourceEncoder`, with the embedding of the tokens."""

    def __init__(self, config: Seq2SeqConfig, cell: CellProgram, weights: Weights) -> None:
        self._config, self._weights = config, weights.under("encoder")
        name = "source_embedding.weight" if config.source else "embedding.weight"
        self._embedding = weights[name]
        self._blocks = [
            compiled_block(config.blocks, cell, self._weights.under(f"blocks.{number}"))
            for number in range(config.encoder_layers)
        ]

    def __call__(self, texts: Sources) -> tuple[Floats, Array]:
        """Texts -> vectors (N, W) and their numbers (R,): of each token, or without attention one
        of each text."""
        lengths = np.fromiter(map(len, texts), np.int64, len(texts))
        tokens = np.concatenate([np.zeros(0, np.int64), *texts])
        x: Floats = self._embedding[tokens] * np.float32(EMBEDDING_SCALE)
        order = self._config.order
        for number, block in enumerate(self._blocks):
            backward = order == "reversed" or (order == "both" and number % 2 == 1)
            x, _ = block.read(x, lengths, backward=backward)
        if self._config.attention == "none":
            x, lengths = self._ends(x, lengths), np.ones_like(lengths)
        if "norm" in self._config.blocks.components:
            x = rms_norm(x, self._weights["norm.weight"])
        return x, lengths

    def _ends(self, x: Floats, lengths: Array) -> Floats:
        """(R, W) the vector of each text that was computed last; with the order "both" the sum of
        its first and its last."""
        ends = np.cumsum(lengths)
        first: Floats = x[ends - lengths]
        last: Floats = x[ends - 1]
        return {"both": first + last, "forward": last, "reversed": first}[self._config.order]


class _VectorEncoder:
    """As `elman.nn.seq2seq.VectorEncoder`."""

    def __init__(self, weights: Weights) -> None:
        self._weights = weights

    def __call__(self, vectors: Sources) -> tuple[Floats, Array]:
        """Vectors (R, D) -> (R, W), and one for each source."""
        weights = self._weights
        numbers = np.asarray(vectors, dtype=np.float32)
        scaled = (numbers - weights["center"]) * weights["slope"]
        # 0 times infinity, which is NaN, counts as 0.
        clipped = np.where(np.isnan(scaled), np.float32(0), scaled)
        clipped = clipped.clip(-MAX_DEVIATIONS, MAX_DEVIATIONS, dtype=np.float32)
        x = linear(weights.under("into"), clipped)
        x = x + gated_mlp(weights.under("mlp.1"), rms_norm(x, weights["mlp.0.weight"]))
        return rms_norm(x, weights["norm.weight"]), np.ones(len(x), dtype=np.int64)
