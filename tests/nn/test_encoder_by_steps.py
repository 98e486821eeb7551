"""What reads or writes token by token besides a language model: a stack, a rewriter's decoder, a
classifier's reader; and whether what was made of a network's weights still shows them."""

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


def assert_same(found, expected) -> None:
    for one, other in zip(state_tensors(found), state_tensors(expected), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-4)


def drawn(network):
    """Every parameter drawn anew: some begin at zero, and would hide what is left out."""
    torch.manual_seed(2)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.2 * torch.randn_like(parameter))
    return network.eval()


@some_parts
@pytest.mark.parametrize("cell", CELLS)
def test_a_stack_steps_as_it_reads(cell, components, instructions):
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


def rewriter(cell: str, kind: str, components=COMPONENTS, width: int = 20) -> EncoderDecoder:
    architecture = StackConfig(TOKENS, cell, hidden_size=width, components=components, tied=True)
    return drawn(EncoderDecoder(Seq2SeqConfig(architecture, attention=kind), 0.0))


def begun(network: EncoderDecoder, targets: int) -> DecoderState:
    """Sources of unequal length, each with some targets side by side."""
    padded = PaddedBatch(torch.randint(TOKENS, (TIME, SOURCES)), torch.tensor([6, 1, 4, 6]))
    with torch.inference_mode():
        written = network.encode(padded)
    state = map_state(lambda part: part.repeat_interleave(targets, dim=0), written.state)
    return DecoderState(state, written.memories)


def assert_writes_alike(network: EncoderDecoder, written: DecoderState) -> None:
    step, state = step_of(network), written
    rows = len(state_tensors(written.state)[0])
    tokens = torch.randint(TOKENS, (3, rows))
    with torch.inference_mode():
        logits, last = network(tokens, written)
    for t in range(3):
        found, state = step(tokens[t], state)
        torch.testing.assert_close(found, logits[t], rtol=1e-4, atol=1e-4)
    assert_same(state.state, last.state)


@pytest.mark.usefixtures("instructions")
@some_parts
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("targets", [1, 5])
def test_a_decoder_steps_as_it_reads(kind, components, targets):
    network = rewriter("lstm", kind, components)
    assert_writes_alike(network, begun(network, targets))


@pytest.mark.usefixtures("instructions")
@pytest.mark.parametrize("cell", CELLS)
def test_a_decoder_of_every_cell_steps_as_it_reads(cell):
    # 132 wide there are two heads of 66: no whole number of vectors of any instruction set.
    network = rewriter(cell, "dot", width=132)
    assert network.decoder_blocks[0].attention.heads == 2
    assert_writes_alike(network, begun(network, 2))


@pytest.mark.parametrize("threads", [1, 2])
def test_threads_look_at_the_sources_of_their_own_rows(threads):
    network, before = rewriter("gru", "dot"), torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        assert_writes_alike(network, begun(network, 9))  # 36 rows: two threads' share of 18
    finally:
        torch.set_num_threads(before)


def test_a_likeness_of_any_size_is_looked_at_as_torch_does():
    """The likeliest may come first, last or in between, further off than exp can tell."""
    network = rewriter("elman", "dot")
    written = begun(network, 2)
    memories = tuple(
        memory._replace(keys=400 * memory.keys, values=memory.values) for memory in written.memories
    )
    assert_writes_alike(network, DecoderState(written.state, memories))


def test_memories_of_16_bits_are_looked_at():
    network = rewriter("mingru", "dot")
    written = begun(network, 2)
    halves = tuple(map_state(torch.Tensor.bfloat16, memory) for memory in written.memories)
    exact = tuple(map_state(torch.Tensor.float, memory) for memory in halves)
    tokens = torch.randint(TOKENS, (8,))
    found, _ = step_of(network)(tokens, DecoderState(written.state, halves))
    expected, _ = step_of(network)(tokens, DecoderState(written.state, exact))
    assert torch.equal(found, expected)


@pytest.mark.parametrize("off", [False, True])
@pytest.mark.parametrize("buckets", [0, 50])
def test_a_class_network_reads_on_token_by_token(buckets, off):
    blocks = StackConfig(TOKENS, hidden_size=24)
    network = drawn(ClassifierNetwork(EncoderConfig(blocks, buckets=buckets), 3, 0.2, members=2))
    words = table() if buckets else None
    first, second = (
        PaddedBatch(torch.randint(3, (time, 2)), torch.full((2,), time), words) for time in (3, 1)
    )
    with core.using(core.OFF if off else core.name()), torch.inference_mode():
        reads = [encoder_by_steps(encoder) for encoder in network.encoders]
        expected, whole = network(first)
        found, components = network(first, None, reads)
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)
        expected, whole = network(second, whole)
        found, components = network(second, components, reads)
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)
    for one, other in zip(components, whole, strict=True):
        assert_same(one.states, other.states)


def table():
    """Three words, of two n-grams each."""
    from elman.nn.encoder import WordTable

    starts, weights = torch.tensor([0, 2, 4]), torch.full((6,), 0.5)
    ngrams = torch.tensor([1, 2, 3, 4, 1, 49])
    return WordTable(torch.arange(3), torch.tensor([0, 4, 5]), ngrams, starts, weights)


def test_a_picture_shows_the_weights_until_they_change():
    stack = drawn(Stack(StackConfig(TOKENS, hidden_size=8)))
    picture = WeightCache(stack, "made")
    assert picture.made == "made"
    assert picture.shows(stack)
    assert not picture.shows(copy.deepcopy(stack))
    with core.using(core.OFF):
        assert not picture.shows(stack)
    with torch.no_grad():
        next(stack.parameters()).mul_(2)
    assert not picture.shows(stack)
    # As a run exchanges the weights for their averages.
    picture, weight = WeightCache(stack, None), next(stack.parameters())
    weight.data = weight.data.clone()
    assert not picture.shows(stack)
