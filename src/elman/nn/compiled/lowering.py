"""Lower the step of a network to a program of the native core.

Shapes: B rows, W width, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from elman.cells.program import INTEGER, CellProgram
from elman.counts.ngrams import NGrams
from elman.kernels.core import EPSILON
from elman.kernels.step_program import MemorySlots, Slot, StateSlots, StepProgram
from elman.nn.compiled.cell_lowering import lower_cell
from elman.nn.compiled.weights import Floats, Weights
from elman.nn.config import CONVOLUTION_WIDTH, StackConfig

States = Iterator[StateSlots]
"""The parts of the state that are not yet taken, in their order."""


def state_slots(program: StepProgram, config: StackConfig, cell: CellProgram) -> States:
    """Slots for the state of a stack: of each block the last inputs of its convolution, then the
    parts of its cell's state."""
    past = CONVOLUTION_WIDTH - 1 if "convolution" in config.components else 0
    slots = []
    for _ in range(config.layers):
        slots.append(program.state(past * config.hidden_size))
        slots += [program.state(field.width, integer=field.kind == INTEGER) for field in cell.state]
    return iter(slots)


def lower_stack(
    program: StepProgram,
    config: StackConfig,
    cell: CellProgram,
    weights: Weights,
    x: Slot,
    states: States,
) -> Slot:
    """Add the blocks of a stack and its last norm.

    Args:
        program: the program to extend.
        config, cell: of the stack; weights: its parameters, which are copied.
        x: (B, W), the input.
        states: from `state_slots`.
    """
    block = _Block(program, config, cell)
    for number in range(config.layers):
        x = block.lower(weights.under(f"blocks.{number}"), x, states)
    return block.norm(weights, "norm", x)


def lower_block(
    program: StepProgram,
    config: StackConfig,
    cell: CellProgram,
    weights: Weights,
    x: Slot,
    states: States,
) -> Slot:
    """Add one block; the arguments are those of `lower_stack`, the weights those of the block."""
    return _Block(program, config, cell).lower(weights, x, states)


def lower_language_model(
    program: StepProgram,
    config: StackConfig,
    cell: CellProgram,
    weights: Weights,
    tokens: Slot,
    states: States,
    logits: Slot,
) -> None:
    """Add embedding, stack and output layer; the arguments are those of `lower_stack`."""
    scale = config.hidden_size**0.5 if config.tied else 1.0
    x = program.embed(tokens, weights["embedding.weight"], scale)
    y = lower_stack(program, config, cell, weights.under("stack"), x, states)
    program.linear(y, *output_of(weights, tied=config.tied), logits)


def lower_mix(
    program: StepProgram,
    counts: NGrams,
    gate: tuple[Sequence[float], float, float],
    tokens: Slot,
    logits: Slot,
    contexts: StateSlots,
    output: Slot,
) -> None:
    """Add the mixture of a network's logits with n-grams; see `StepProgram.mix`."""
    arrays = [each.arrays for each in counts.orders]
    program.mix(tokens, logits, contexts, output, counts.unigrams, arrays, gate)


def lower_decoder(
    program: StepProgram,
    config: StackConfig,
    cell: CellProgram,
    heads: int,
    weights: Weights,
    tokens: Slot,
    states: States,
    scale: float,
    *,
    logits: Slot | None = None,
    queries: Slot | None = None,
) -> None:
    """Add the decoder of an encoder-decoder, with attention memory for each block.

    Args:
        program, config, cell, weights, states: those of `lower_stack`.
        heads: of the attention.
        tokens: (B, 1).
        scale: of the embeddings.
        logits: (B, V), of the next token; None leaves out the output layer.
        queries: (B, layers W), the queries of each block's attention; None: they stay inside.
    """
    memories = [program.attention_memory() for _ in range(config.layers)]
    x = program.embed(tokens, weights["embedding.weight"], scale)
    block = _Block(program, config, cell)
    for number, memory in enumerate(memories):
        own = weights.under(f"blocks.{number}")
        x, width = block.mixed(own, x, states), config.hidden_size
        query = None if queries is None else program.view(queries, number * width, width)
        x = block.transformed(own, _attended(program, block, own, x, memory, heads, query))
    if logits is not None:
        program.linear(block.norm(weights, "norm", x), *output_of(weights, tied=True), logits)


def output_of(weights: Weights, *, tied: bool) -> tuple[Floats, Floats]:
    """Weight (V, W) and bias (V,) of the output layer; a tied weight is the embedding's."""
    return weights["embedding.weight" if tied else "output.weight"], weights["output.bias"]


def _attended(
    program: StepProgram,
    block: _Block,
    weights: Weights,
    x: Slot,
    memory: MemorySlots,
    heads: int,
    into: Slot | None,
) -> Slot:
    """x plus what the attention finds for its query, which is written to `into`."""
    attention = weights.under("attention")
    normed = block.norm(weights, "attention_norm", x)
    query = program.linear(normed, *attention.linear("query"), into)
    score = attention["weigh.weight"][0] if "weigh.weight" in attention else None
    attended = program.attention(query, memory, heads, score)
    # In a new slot: x may be the state, if the block is only a cell.
    y = program.linear(attended, *attention.linear("out"))
    return program.add(x, y, y)


class _Block:
    """The operations of a block, with the components of its config."""

    def __init__(self, program: StepProgram, config: StackConfig, cell: CellProgram) -> None:
        self._program, self._config, self._cell = program, config, cell

    def lower(self, weights: Weights, x: Slot, states: States) -> Slot:
        return self.transformed(weights, self.mixed(weights, x, states))

    def norm(self, weights: Weights, name: str, x: Slot) -> Slot:
        if "norm" not in self._config.components:
            return x
        return self._program.rms_norm(x, weights[f"{name}.weight"], EPSILON)

    def mixed(self, weights: Weights, x: Slot, states: States) -> Slot:
        program, mixer = self._program, weights.under("mixer")
        normed = self.norm(weights, "mixer_norm", x)
        recent = next(states)
        of_cell = [next(states) for _ in self._cell.state]
        mixed = normed
        if "convolution" in self._config.components:
            mixed = program.convolution(normed, recent, *mixer.linear("convolution"))
        y = lower_cell(program, self._cell, mixer.under("cell"), mixed, of_cell)
        if "gate" in self._config.components:
            y = program.silu_gate(program.linear(normed, *mixer.linear("gate")), y)
        return self._join(x, y, mixer if "out.weight" in mixer else None)

    def transformed(self, weights: Weights, x: Slot) -> Slot:
        if "mlp" not in self._config.components:
            return x
        program = self._program
        normed, mlp = self.norm(weights, "mlp.0", x), weights.under("mlp.1")
        gate, value = (program.linear(normed, *mlp.linear(name)) for name in ("gate", "into"))
        return self._join(x, program.silu_gate(gate, value), mlp)

    def _join(self, x: Slot, y: Slot, projected: Weights | None) -> Slot:
        """x + out(y), in place in x, or out(y) if the block has no residual connection."""
        program, residual = self._program, "residual" in self._config.components
        if projected is None:
            return program.add(x, y, x) if residual else y
        out = projected.linear("out")
        return program.linear(y, *out, x, adds=True) if residual else program.linear(y, *out)
