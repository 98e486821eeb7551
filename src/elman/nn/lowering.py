"""Lower the step of a network to a program of the native core.

Shapes: B rows, D input width, W width, V vocabulary.
"""

from __future__ import annotations

from typing import Any, NamedTuple, cast

import torch
from torch import Tensor, nn

from elman.cells import Cell, map_state
from elman.errors import UntraceableError
from elman.kernels.pointwise import EPSILON
from elman.kernels.step_program import MemorySlots, Slot, StateSlots, StepProgram
from elman.nn.attention import CrossAttentionBlock
from elman.nn.blocks import Block, RMSNorm, Stack
from elman.nn.cell_lowering import lower_cell
from elman.nn.language_model import LanguageModelNetwork
from elman.nn.mixture import Mixture
from elman.nn.seq2seq import EncoderDecoder

Stepped = Cell | Stack | LanguageModelNetwork | Mixture | EncoderDecoder


class LoweredStep(NamedTuple):
    """A program. Its outer slots: the input, the output, then each tensor of the state before and
    after; of an encoder-decoder also the attention memory of each block."""

    program: StepProgram
    input_type: torch.dtype  # int64: tokens (B,); float32: numbers (B, D)
    inputs: int  # D; 1 for tokens
    outputs: int


def program_of(network: Stepped, *, int8: bool) -> LoweredStep:
    """Lower the step of a network, with its current weights.

    Args:
        network: what to lower.
        int8: use int8 products (`StepProgram`).

    Raises:
        UntraceableError: if only PyTorch can run the step of a cell, or a subclass may override
            the step of a network.
    """
    if not isinstance(network, Cell) and type(network) not in (
        Stack,
        LanguageModelNetwork,
        Mixture,
        EncoderDecoder,
    ):
        raise UntraceableError("its step has no native lowering", location=type(network).__name__)
    program = StepProgram(int8=int8)

    def part(like: Tensor) -> Any:
        width = like[0].numel()
        return StateSlots(*(program.outer(width, like.dtype) for _ in range(2)))

    input_type, inputs, outputs = _sizes(network)
    with torch.inference_mode():
        x, output = program.outer(inputs, input_type), program.outer(outputs)
        state = map_state(part, network.initial_state(1))
        if isinstance(network, LanguageModelNetwork):
            _language_model(program, network, x, state, output)
        elif isinstance(network, Mixture):
            _mixture(program, network, x, state, output)
        elif isinstance(network, EncoderDecoder):
            _encoder_decoder(program, network, x, state, output)
        elif isinstance(network, Stack):
            program.copy(_stack(program, network, x, state), output)
        else:
            program.copy(lower_cell(program, network, x, state), output)
    return LoweredStep(program, input_type, inputs, outputs)


def _sizes(network: Stepped) -> tuple[torch.dtype, int, int]:
    """The type and width of the input, and the width of the output."""
    if isinstance(network, Cell):
        return torch.float32, network.input_size, network.output_size
    if isinstance(network, Stack):
        return torch.float32, network.hidden_size, network.hidden_size
    if isinstance(network, Mixture):
        network = network.network
    return torch.int64, 1, network.output.out_features


def _language_model(
    program: StepProgram, network: LanguageModelNetwork, tokens: Slot, state: Any, output: Slot
) -> None:
    x = program.embed(tokens, network.embedding.weight, network.scale)
    program.layer(_stack(program, network.stack, x, state), network.output, output)


def _mixture(
    program: StepProgram, mixture: Mixture, tokens: Slot, state: Any, output: Slot
) -> None:
    logits = program.inner(output.width)
    _language_model(program, mixture.network, tokens, state.network, logits)
    counts, gate = mixture.counts, mixture.gate
    program.mix(
        tokens,
        logits,
        state.contexts,
        output,
        counts.unigrams,
        [each.arrays for each in counts.orders],
        (gate.bias, gate.mass, gate.entropy),
    )


def _stack(program: StepProgram, stack: Stack, x: Slot, state: Any) -> Slot:
    for block, before in zip(stack.blocks, state, strict=True):
        x = _block(program, cast("Block", block), x, before)
    return _norm(program, stack.norm, x)


def _encoder_decoder(
    program: StepProgram, network: EncoderDecoder, tokens: Slot, state: Any, output: Slot
) -> None:
    memories = [program.attention_memory() for _ in network.decoder_blocks]
    x = program.embed(tokens, network.embedding.weight, network.scale)
    for block, before, memory in zip(network.decoder_blocks, state, memories, strict=True):
        x = _mixed(program, block, x, before)
        x = _transformed(program, block, _attended(program, block, x, memory))
    program.layer(_norm(program, network.norm, x), network.output, output)


def _attended(
    program: StepProgram, block: CrossAttentionBlock, x: Slot, memory: MemorySlots
) -> Slot:
    attention = block.attention
    query = program.layer(_norm(program, block.attention_norm, x), attention.query)
    score = None if attention.weigh is None else attention.weigh.weight[0]
    attended = program.attention(query, memory, attention.heads, score)
    # In a new slot: x may be the state, if the block is only a cell.
    y = program.layer(attended, attention.out)
    return program.add(x, y, y)


def _norm(program: StepProgram, norm: nn.Module, x: Slot) -> Slot:
    return program.rms_norm(x, norm.weight, EPSILON) if isinstance(norm, RMSNorm) else x


def _block(program: StepProgram, block: Block, x: Slot, state: Any) -> Slot:
    return _transformed(program, block, _mixed(program, block, x, state))


def _mixed(program: StepProgram, block: Block, x: Slot, state: Any) -> Slot:
    mixer = block.mixer
    normed = _norm(program, block.mixer_norm, x)
    mixed = normed
    if mixer.convolution is not None:
        convolution = mixer.convolution
        mixed = program.convolution(normed, state.recent, convolution.weight, convolution.bias)
    y = lower_cell(program, mixer.cell, mixed, state.cell)
    if mixer.gate is not None:
        y = program.silu_gate(program.layer(normed, mixer.gate), y)
    return _join(program, block, x, y, mixer.out)


def _transformed(program: StepProgram, block: Block, x: Slot) -> Slot:
    if block.mlp is None:
        return x
    norm, mlp = cast("Any", block.mlp)
    normed = _norm(program, norm, x)
    y = program.silu_gate(program.layer(normed, mlp.gate), program.layer(normed, mlp.into))
    return _join(program, block, x, y, mlp.out)


def _join(program: StepProgram, block: Block, x: Slot, y: Slot, out: nn.Linear | None) -> Slot:
    """x + out(y), in place in x, or out(y) if the block has no residual connection."""
    if out is None:
        return program.add(x, y, x) if block.residual else y
    if block.residual:
        return program.linear(y, out.weight, out.bias, x, adds=True)
    return program.layer(y, out)
