"""Compiled steps of a stack, of a decoder and of a classifier's encoder; cached weights."""

from __future__ import annotations

import copy

import pytest
import torch

from elman.cells import CELLS, map_state, state_tensors
from elman.kernels import core
from elman.nn.attention import KINDS
from elman.nn.blocks import COMPONENTS, Stack, StackConfig
from elman.nn.classifier import ClassifierNetwork
from elman.nn.encoder import EncoderConfig, PaddedBatch
from elman.nn.native_step import CompiledStep, WeightCache, encoder_by_steps, step_of
from elman.nn.seq2seq import DecoderState, EncoderDecoder, Seq2SeqConfig

SETS = core.sets()[:-1]
TOKENS, SOURCES, TIME = 11, 4, 6
some_parts = pytest.mark.parametrize("components", [COMPONENTS, (), ("norm", "mlp"), ("residual",)])


@pytest.fixture(params=SETS)
def instructions(request):
    with core.using(request.param):
        yield request.param


def assert_same(result, expected) -> None:
    for one, other in zip(state_tensors(result), state_tensors(expected), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-4)


def drawn(network):
    """Every parameter random: initial zeros would hide an omission."""
    torch.manual_seed(2)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.2 * torch.randn_like(parameter))
    return network.eval()


@some_parts
@pytest.mark.parametrize("cell", CELLS)
def test_steps_of_a_stack_equal_the_sequence(cell, components, instructions):
    stack = drawn(Stack(StackConfig(TOKENS, cell, hidden_size=20, components=components)))
    xs, state = torch.randn(3, TIME, 20), stack.initial_state(3)
    with torch.no_grad():
        ys, last = stack(xs, state)
    step = step_of(stack)
    assert isinstance(step, CompiledStep), instructions
    for t in range(TIME):
        y, state = step(xs[:, t], state)
        torch.testing.assert_close(y, ys[:, t], rtol=1e-4, atol=1e-4)
    assert_same(state, last)


def encoder_decoder(cell: str, kind: str, components=COMPONENTS, width: int = 20) -> EncoderDecoder:
    architecture = StackConfig(TOKENS, cell, hidden_size=width, components=components, tied=True)
    return drawn(EncoderDecoder(Seq2SeqConfig(architecture, attention=kind), 0.0))


def begun(network: EncoderDecoder, targets: int) -> DecoderState:
    """The initial state for sources of unequal length, each with several targets."""
    padded = PaddedBatch(torch.randint(TOKENS, (TIME, SOURCES)), torch.tensor([6, 1, 4, 6]))
    with torch.inference_mode():
        state_before = network.encode(padded)
    state = map_state(lambda part: part.repeat_interleave(targets, dim=0), state_before.state)
    return DecoderState(state, state_before.memories)


def assert_steps_equal_sequence(network: EncoderDecoder, state_before: DecoderState) -> None:
    step, state = step_of(network), state_before
    rows = len(state_tensors(state_before.state)[0])
    tokens = torch.randint(TOKENS, (3, rows))
    with torch.inference_mode():
        logits, last = network(tokens, state_before)
    for t in range(3):
        result, state = step(tokens[t], state)
        torch.testing.assert_close(result, logits[t], rtol=1e-4, atol=1e-4)
    assert_same(state.state, last.state)


@pytest.mark.usefixtures("instructions")
@some_parts
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("targets", [1, 5])
def test_steps_of_a_decoder_equal_the_sequence(kind, components, targets):
    network = encoder_decoder("lstm", kind, components)
    assert_steps_equal_sequence(network, begun(network, targets))


@pytest.mark.usefixtures("instructions")
@pytest.mark.parametrize("cell", CELLS)
def test_steps_of_a_decoder_of_every_cell_equal_the_sequence(cell):
    # Two heads of 66, not a multiple of any instruction set's vector length.
    network = encoder_decoder(cell, "dot", width=132)
    assert network.decoder_blocks[0].attention.heads == 2
    assert_steps_equal_sequence(network, begun(network, 2))


@pytest.mark.parametrize("threads", [1, 2])
def test_threads_attend_to_the_sources_of_their_rows(threads):
    network, before = encoder_decoder("gru", "dot"), torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        assert_steps_equal_sequence(network, begun(network, 9))  # 36 rows: 18 a thread
    finally:
        torch.set_num_threads(before)


def test_attention_of_extreme_scores_equals_torch():
    """The largest score may come at any position, beyond the range of exp."""
    network = encoder_decoder("elman", "dot")
    state_before = begun(network, 2)
    memories = tuple(
        memory._replace(keys=400 * memory.keys, values=memory.values)
        for memory in state_before.memories
    )
    assert_steps_equal_sequence(network, DecoderState(state_before.state, memories))


def test_bfloat16_memories_are_converted():
    network = encoder_decoder("mingru", "dot")
    state_before = begun(network, 2)
    halves = tuple(map_state(torch.Tensor.bfloat16, memory) for memory in state_before.memories)
    exact = tuple(map_state(torch.Tensor.float, memory) for memory in halves)
    tokens = torch.randint(TOKENS, (8,))
    result, _ = step_of(network)(tokens, DecoderState(state_before.state, halves))
    expected, _ = step_of(network)(tokens, DecoderState(state_before.state, exact))
    assert torch.equal(result, expected)


@pytest.mark.parametrize("off", [False, True])
@pytest.mark.parametrize("buckets", [0, 50])
def test_classifier_steps_equal_the_sequence(buckets, off):
    blocks = StackConfig(TOKENS, hidden_size=24)
    network = drawn(ClassifierNetwork(EncoderConfig(blocks, buckets=buckets), 3, 0.2, members=2))
    words = table() if buckets else None
    first, second = (
        PaddedBatch(torch.randint(3, (time, 2)), torch.full((2,), time), words) for time in (3, 1)
    )
    with core.using(core.OFF if off else core.name()), torch.inference_mode():
        steps = [encoder_by_steps(encoder) for encoder in network.encoders]
        expected, whole = network(first)
        result, components = network(first, None, steps)
        torch.testing.assert_close(result, expected, rtol=1e-4, atol=1e-4)
        expected, whole = network(second, whole)
        result, components = network(second, components, steps)
        torch.testing.assert_close(result, expected, rtol=1e-4, atol=1e-4)
    for one, other in zip(components, whole, strict=True):
        assert_same(one.states, other.states)


def table():
    """Three words, of two n-grams each."""
    from elman.nn.encoder import WordTable

    starts, weights = torch.tensor([0, 2, 4]), torch.full((6,), 0.5)
    ngrams = torch.tensor([1, 2, 3, 4, 1, 49])
    return WordTable(torch.arange(3), torch.tensor([0, 4, 5]), ngrams, starts, weights)


def test_weight_cache_is_valid_until_weights_change():
    stack = drawn(Stack(StackConfig(TOKENS, hidden_size=8)))
    cache = WeightCache(stack, "made")
    assert cache.value == "made"
    assert cache.is_valid(stack)
    assert not cache.is_valid(copy.deepcopy(stack))
    with core.using(core.OFF):
        assert not cache.is_valid(stack)
    with torch.no_grad():
        next(stack.parameters()).mul_(2)
    assert not cache.is_valid(stack)
    # As in the swap of weights and their averages in training.
    cache, weight = WeightCache(stack, None), next(stack.parameters())
    weight.data = weight.data.clone()
    assert not cache.is_valid(stack)
