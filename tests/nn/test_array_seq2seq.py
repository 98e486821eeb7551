"""Encoder-decoders on arrays against the network itself, read in one forward pass."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from elman.cells import CELLS, trace
from elman.kernels import core
from elman.nn.compiled.layouts import seq2seq_layout
from elman.nn.compiled.network import rows_of
from elman.nn.compiled.seq2seq import CompiledSeq2Seq, seq2seq_of
from elman.nn.config import ATTENTIONS, COMPONENTS, ORDERS, Seq2SeqConfig, StackConfig
from elman.nn.encoder import PaddedBatch
from elman.nn.native_step import trained_network
from elman.nn.seq2seq import EncoderDecoder
from elman.nn.torch_seq2seq import TorchSeq2Seq

VOCABULARY, SOURCES, VECTOR = 11, 9, 5
LENGTHS, TARGETS, TIME = [4, 7, 1], 2, 6  # of sources; targets of each; tokens of a target

every_kind = pytest.mark.parametrize(
    ("cell", "attention", "order", "width"),
    [
        *(("gru", *both, 8) for both in itertools.product(ATTENTIONS, ORDERS)),
        # Two heads of 66, not a multiple of any instruction set's vector length.
        *((cell, "dot", "both", 132) for cell in CELLS),
        *((cell, "none", "vector", 8) for cell in ("mingru", "lstm")),
        ("plain", "additive", "both", 132),
    ],
)
every_set = pytest.mark.parametrize("instruction_set", core.sets())


def make(
    cell: str,
    attention: str,
    order: str,
    width: int = 8,
    shared: bool = False,
    components: tuple[str, ...] = COMPONENTS,
) -> EncoderDecoder:
    """Every parameter random, so that no bias or scale is left out unseen."""
    torch.manual_seed(5)
    blocks = StackConfig(VOCABULARY, cell, width, layers=2, components=components, tied=True)
    source = VECTOR if order == "vector" else 0 if shared else SOURCES
    network = EncoderDecoder(Seq2SeqConfig(blocks, source, attention, order), 0.3).eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.3 * width**-0.5 * torch.randn_like(parameter))
    return network


def on_arrays(network: EncoderDecoder, *, int8: bool = False):
    return seq2seq_of(trained_network(network, int8=int8), network.config)


def sources_for(network: EncoderDecoder):
    """The sources on arrays, and as the network reads them."""
    generator = np.random.default_rng(0)
    if network.config.order == "vector":
        vectors = generator.normal(size=(len(LENGTHS), VECTOR)).astype(np.float32)
        return vectors, torch.from_numpy(vectors).to(network.encoder.center)
    texts = [generator.integers(SOURCES, size=length) for length in LENGTHS]
    tokens = torch.nn.utils.rnn.pad_sequence([*map(torch.from_numpy, texts)])
    return texts, PaddedBatch(tokens, torch.tensor(LENGTHS))


def some_targets(each: int = TARGETS) -> np.ndarray:
    return np.random.default_rng(1).integers(VOCABULARY, size=(TIME, len(LENGTHS) * each))


@torch.no_grad()
def expected_of(network: EncoderDecoder, source, targets: np.ndarray, sharper: float = 1):
    """Logits (T, R K, V) and attention weights (R K, T, S), of each target alone.

    Args:
        sharper: the factor of the keys.
    """
    logits, weights = [], []
    each_source = targets.shape[1] // len(LENGTHS)
    for column in range(targets.shape[1]):
        start = network.encode(source)
        start = start._replace(
            memories=tuple(each._replace(keys=sharper * each.keys) for each in start.memories)
        )
        row = slice(column // each_source, column // each_source + 1)
        memories = tuple(type(each)(*(part[row] for part in each)) for each in start.memories)
        alone = start._replace(state=network.initial_state(1), memories=memories)
        tokens = torch.from_numpy(targets[:, column : column + 1])
        its_logits, its_weights, _ = network.attend(tokens, alone)
        logits.append(its_logits)
        weights.append(its_weights)
    return torch.cat(logits, 1).numpy(), torch.cat(weights).numpy()


def begun(arrays, sources, targets: np.ndarray):
    start = arrays.encode(sources)
    rows = np.repeat(np.arange(len(LENGTHS)), targets.shape[1] // len(LENGTHS))
    return start._replace(state=rows_of(start.state, rows))


def stepped(arrays, state, targets: np.ndarray) -> np.ndarray:
    """Logits (T, R K, V)."""
    logits = []
    for row in targets:
        own, state = arrays.step(row, state)
        logits.append(own)
    return np.stack(logits)


def close(result, expected) -> None:
    assert result.shape == expected.shape
    np.testing.assert_allclose(result, expected, rtol=1e-5, atol=1e-5)


def assert_equal(network: EncoderDecoder, sources, batch, targets: np.ndarray) -> None:
    """On arrays as in a forward pass."""
    arrays = on_arrays(network)
    logits, weights = expected_of(network, batch, targets)
    start = begun(arrays, sources, targets)
    close(stepped(arrays, start, targets), logits)
    close(arrays.attention(targets, start), weights)


@every_set
@every_kind
def test_steps_equal_a_forward_pass(cell, attention, order, width, instruction_set):
    network, targets = make(cell, attention, order, width), some_targets()
    sources, batch = sources_for(network)
    with core.using(instruction_set):
        expected = TorchSeq2Seq if instruction_set == core.OFF else CompiledSeq2Seq
        assert isinstance(on_arrays(network), expected)
        assert_equal(network, sources, batch, targets)


@pytest.mark.parametrize("threads", [1, 2])
def test_threads_attend_to_the_sources_of_their_rows(threads):
    network, targets = make("gru", "dot", "both"), some_targets(9)  # 27 rows
    sources, batch = sources_for(network)
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        assert_equal(network, sources, batch, targets)
    finally:
        torch.set_num_threads(before)


def test_scores_may_be_extreme():
    """The largest may come at any position, beyond the range of exp."""
    network, targets = make("elman", "dot", "both"), some_targets()
    sources, batch = sources_for(network)
    arrays = on_arrays(network)
    start = begun(arrays, sources, targets)
    keys = range(0, len(start.memory) - 1, 2)
    memory = (part * np.float32(400 if n in keys else 1) for n, part in enumerate(start.memory))
    start = start._replace(memory=tuple(memory))
    logits, weights = expected_of(network, batch, targets, sharper=400)
    np.testing.assert_allclose(stepped(arrays, start, targets), logits, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(arrays.attention(targets, start), weights, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("components", [(), ("convolution", "gate"), ("norm", "mlp", "residual")])
def test_blocks_of_other_components_do_so_too(components):
    network, targets = make("gru", "dot", "both", components=components), some_targets()
    sources, batch = sources_for(network)
    assert_equal(network, sources, batch, targets)


def test_a_shared_vocabulary_is_read_with_the_embedding_of_the_targets():
    network, targets = make("gru", "dot", "both", shared=True), some_targets()
    sources, batch = sources_for(network)
    assert_equal(network, sources, batch, targets)


def test_a_network_in_double_precision_goes_through_torch():
    network, targets = make("gru", "dot", "both").double(), some_targets()
    sources, batch = sources_for(network)
    assert isinstance(on_arrays(network), TorchSeq2Seq)
    assert_equal(network, sources, batch, targets)


def test_int8_products_are_near_the_exact_ones():
    network, targets = make("lstm", "dot", "both", 128), some_targets()
    sources, batch = sources_for(network)
    logits, weights = expected_of(network, batch, targets)
    arrays = on_arrays(network, int8=True)
    rough = stepped(arrays, begun(arrays, sources, targets), targets)
    error = np.abs(rough - logits).max() / np.abs(logits).max()
    assert 1e-5 < error < 0.05
    close(
        arrays.attention(targets, begun(arrays, sources, targets)), weights
    )  # attention weights stay exact


@pytest.mark.parametrize("value", [np.float32(3e38), np.float32(-1e-40), np.float32(0)])
def test_extreme_vectors_are_read_as_by_torch(value):
    network = make("gru", "none", "vector")
    spread = torch.tensor([[1.0, 0.0, 1e-30, 3e38, 5.0], [2.0, 0.0, 2e-30, -3e38, 5.0]])
    network.fit_input_scaling(spread)
    sources = np.full((len(LENGTHS), VECTOR), value)
    targets = some_targets()
    assert_equal(network, sources, torch.from_numpy(sources), targets)


@every_kind
def test_the_layout_is_that_of_the_parameters(cell, attention, order, width):
    network = make(cell, attention, order, width)
    layout = seq2seq_layout(network.config, trace(network.decoder_blocks[0].mixer.cell))
    assert layout == {name: tuple(part.shape) for name, part in network.named_parameters()}
