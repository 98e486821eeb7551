"""Invariants of an encoder-decoder, for every cell, attention and order."""

from __future__ import annotations

import itertools

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from elman.cells import CELLS, state_tensors
from elman.nn.config import ATTENTIONS, MAX_DEVIATIONS, ORDERS, Seq2SeqConfig, StackConfig
from elman.nn.encoder import PaddedBatch
from elman.nn.seq2seq import EncoderDecoder

VOCABULARY, SOURCES, WIDTH, VECTOR, BEGIN = 7, 9, 8, 5, 0
CONFIGURATIONS = [
    *((cell, "dot", "both") for cell in CELLS),
    *(("mingru", kind, order) for kind, order in itertools.product(ATTENTIONS, ORDERS)),
    ("lstm", "none", "vector"),
]
every_kind = pytest.mark.parametrize("kind", CONFIGURATIONS, ids="-".join)
lengths_drawn = st.lists(st.tuples(st.integers(1, 6), st.integers(1, 6)), min_size=1, max_size=3)


def make(kind: tuple[str, str, str], shared: bool = False) -> EncoderDecoder:
    """In double precision, every parameter random."""
    cell, attention, order = kind
    torch.manual_seed(3)
    blocks = StackConfig(VOCABULARY, cell, WIDTH, layers=2, dropout=0.3, tied=True)
    source = VECTOR if order == "vector" else 0 if shared else SOURCES
    network = EncoderDecoder(Seq2SeqConfig(blocks, source, attention, order), 0.3).double().eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return network


def ragged(lengths: list[int], vocabulary: int, seed: int = 0) -> PaddedBatch:
    generator = torch.Generator().manual_seed(seed)
    tokens = torch.randint(vocabulary, (max(lengths), len(lengths)), generator=generator)
    return PaddedBatch(tokens, torch.tensor(lengths))


def sources_for(
    network: EncoderDecoder, lengths: list[int], seed: int = 0
) -> PaddedBatch | torch.Tensor:
    if network.config.order == "vector":
        generator = torch.Generator().manual_seed(seed)
        return torch.randn(len(lengths), VECTOR, generator=generator).double()
    return ragged(lengths, network.config.source or VOCABULARY, seed)


def row_of(source: PaddedBatch | torch.Tensor, row: int) -> PaddedBatch | torch.Tensor:
    if isinstance(source, torch.Tensor):
        return source[row : row + 1]
    length = int(source.lengths[row])
    return PaddedBatch(source.tokens[:length, row : row + 1], torch.tensor([length]))


def with_padding(padded: PaddedBatch, token: int) -> PaddedBatch:
    return padded._replace(tokens=padded.tokens.where(padded.real[..., 0], token))


def close(result, expected) -> None:
    torch.testing.assert_close(result, expected, rtol=1e-5, atol=1e-5)  # logits are float32


@every_kind
@settings(max_examples=4, deadline=None)
@given(cuts=st.sets(st.integers(1, 5)), seed=st.integers(0, 99))
@torch.no_grad()
def test_chunks_of_a_target_equal_the_whole(kind, cuts, seed):
    """At random cuts, and token by token."""
    network = make(kind)
    begun = network.encode(sources_for(network, [4, 2], seed))
    target = ragged([6, 6], VOCABULARY, seed).tokens
    whole, after = network(target, begun)
    for cuts_at in (sorted(cuts), range(1, 6)):
        state, pieces = begun, []
        for start, stop in itertools.pairwise([0, *cuts_at, 6]):
            logits, state = network(target[start:stop], state)
            pieces.append(logits)
        close(torch.cat(pieces), whole)
        for result, expected in zip(state_tensors(state), state_tensors(after), strict=True):
            close(result, expected)


@every_kind
@settings(max_examples=4, deadline=None)
@given(lengths=lengths_drawn, seed=st.integers(0, 99))
@torch.no_grad()
def test_rows_do_not_depend_on_the_batch(kind, lengths, seed):
    network = make(kind)
    source = sources_for(network, [length for length, _ in lengths], seed)
    targets = ragged([length for _, length in lengths], VOCABULARY, seed)
    logits, after = network(targets.tokens, network.encode(source), targets.lengths)
    for row, length in enumerate(targets.lengths.tolist()):
        begun = network.encode(row_of(source, row))
        alone, its = network(targets.tokens[:length, row : row + 1], begun)
        close(logits[:length, row], alone[:, 0])
        for result, expected in zip(
            state_tensors(after.state), state_tensors(its.state), strict=True
        ):
            close(result[row], expected[0])


@every_kind
def test_padding_changes_neither_loss_nor_gradients(kind):
    """Two padding tokens, in source and target, give bitwise equal results."""
    network = make(kind)
    source = sources_for(network, [5, 2, 1])
    targets = ragged([2, 6, 3], VOCABULARY)
    result = []
    for token in (0, VOCABULARY - 1):
        padded = source
        if isinstance(source, PaddedBatch):
            padded = with_padding(source, token)
        loss = network.loss(padded, with_padding(targets, token), BEGIN, 0.1)
        learned = [p for p in network.parameters() if p.requires_grad]
        result.append([loss, *torch.autograd.grad(loss, learned)])
    assert all(torch.equal(one, other) for one, other in zip(*result, strict=True))


@every_kind
def test_every_parameter_has_a_gradient(kind):
    """Except queries and keys where there is a single vector to attend to."""
    network = make(kind)
    query_and_key = "attention_norm", "attention.query", "attention.key"
    network.loss(sources_for(network, [5, 2]), ragged([4, 3], VOCABULARY), BEGIN, 0.1).backward()
    for name, parameter in network.named_parameters():
        if not parameter.requires_grad:
            assert name in ("encoder.center", "encoder.slope")
        elif kind[1] == "none" and any(part in name for part in query_and_key):
            assert parameter.grad.abs().max() < 1e-6
        elif "attention.key.bias" in name or "attention.weigh.bias" in name:
            # Added to all scores of a query, it cancels in the softmax.
            assert parameter.grad is not None
        else:
            assert parameter.grad.abs().max() > 0, name


@pytest.mark.parametrize("attention", ATTENTIONS)
@settings(max_examples=5, deadline=None)
@given(lengths=st.lists(st.integers(1, 6), min_size=1, max_size=3), seed=st.integers(0, 99))
@torch.no_grad()
def test_order_reversed_equals_forward_on_a_reversed_source(attention, lengths, seed):
    """With equal weights, each row flipped by hand."""
    backward, forward = (make(("gru", attention, order)) for order in ("reversed", "forward"))
    source = sources_for(backward, lengths, seed)
    target = ragged([4] * len(lengths), VOCABULARY, seed).tokens
    logits, weights, _ = backward.attend(target, backward.encode(source))
    for row, length in enumerate(lengths):
        alone = row_of(source, row)
        flipped = alone._replace(tokens=alone.tokens.flip(0))
        expected, its, _ = forward.attend(target[:, row : row + 1], forward.encode(flipped))
        close(logits[:, row], expected[:, 0])
        if attention != "none":  # the weights are in the order of the tokens
            close(weights[row, :, :length], its[0].flip(1))


@pytest.mark.parametrize(
    ("order", "keys_of_the_first", "keys_of_the_last"),
    [("forward", 5, 1), ("reversed", 1, 5), ("both", 5, 5)],
)
@torch.no_grad()
def test_keys_depend_on_the_context_of_the_order(order, keys_of_the_first, keys_of_the_last):
    """Of 5 tokens, the one read first changes every key, the one read last only its own."""
    network, source = make(("gru", "dot", order)), ragged([5], SOURCES)

    def keys_of(tokens):
        return network.encode(PaddedBatch(tokens, source.lengths)).memories[0].keys[0, 0]

    for index, count in ((0, keys_of_the_first), (4, keys_of_the_last)):
        other = source.tokens.clone()
        other[index] = (other[index] + 1) % SOURCES
        changed = (keys_of(source.tokens) - keys_of(other)).abs().amax(1) > 0
        assert changed.sum() == count


@pytest.mark.parametrize("kind", [("gru", "dot", "both"), ("mingru", "additive", "reversed")])
@torch.no_grad()
def test_attend_returns_weights_over_the_source_without_padding(kind):
    network = make(kind)
    target = ragged([4, 4], VOCABULARY).tokens
    begun = network.encode(sources_for(network, [5, 2]))
    logits, weights, after = network.attend(target, begun)
    assert weights.shape == (2, 4, 5)
    close(weights.sum(2), torch.ones(2, 4))
    assert (weights[1, :, 2:] == 0).all()
    expected, its = network(target, begun)
    assert torch.equal(logits, expected)
    assert all(map(torch.equal, state_tensors(after), state_tensors(its)))


@pytest.mark.parametrize("order", [*ORDERS, "vector"])
@torch.no_grad()
def test_without_attention_the_memory_is_one_vector(order):
    network = make(("gru", "none", order))
    for memory in network.encode(sources_for(network, [5, 2])).memories:
        assert memory.keys.shape[2] == memory.values.shape[2] == memory.mask.shape[3] == 1
        assert (memory.mask == 0).all()


@pytest.mark.parametrize(
    ("order", "ends"), [("both", (0, -1)), ("forward", (-1,)), ("reversed", (0,))]
)
@torch.no_grad()
def test_pooled_vector_is_the_sum_of_the_last_vectors(order, ends):
    """Against the vectors of an encoder with attention and equal weights."""
    summed, apart = (make(("gru", kind, order)).encoder for kind in ("none", "dot"))
    apart.load_state_dict(summed.state_dict())
    summed.norm = apart.norm = torch.nn.Identity()
    source = ragged([5, 2, 1], SOURCES)
    x = torch.randn(5, 3, WIDTH).double()
    result, vectors = summed(x, source)[0], apart(x, source)[0]
    for row, length in enumerate(source.lengths.tolist()):
        expected = sum(vectors[:length, row][end] for end in ends)
        torch.testing.assert_close(result[0, row], expected)


@every_kind
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_loss_equals_the_cross_entropy_of_the_logits(kind, smoothing):
    """Against torch on the shifted target, with the gradients."""
    network = make(kind)
    source, targets = sources_for(network, [5, 2]), ragged([2, 6], VOCABULARY)
    result = network.loss(source, targets, BEGIN, smoothing)
    read = torch.cat([torch.full((1, 2), BEGIN), targets.tokens[:-1]])
    logits, _ = network(read, network.encode(source), targets.lengths)
    real = targets.real[..., 0]
    expected = functional.cross_entropy(
        logits[real], targets.tokens[real], label_smoothing=smoothing
    )
    close(result.float(), expected)
    learned = [p for p in network.parameters() if p.requires_grad]
    for ours, theirs in zip(
        torch.autograd.grad(result, learned), torch.autograd.grad(expected, learned), strict=True
    ):
        close(ours, theirs)


@pytest.mark.parametrize("shared", [True, False])
def test_embeddings_are_tied(shared):
    network = make(("gru", "dot", "both"), shared)
    assert network.output.weight is network.embedding.weight
    assert (network.source_embedding is network.embedding) == shared


def test_dropout_is_active_in_training_only():
    network = make(("gru", "dot", "both"))
    source, targets = sources_for(network, [5, 2]), ragged([4, 3], VOCABULARY)
    losses = [network.loss(source, targets, BEGIN, 0.1) for _ in range(2)]
    assert torch.equal(*losses)
    network.train()
    assert not torch.equal(losses[0], network.loss(source, targets, BEGIN, 0.1))


# Vectors


def memory_of(network: EncoderDecoder, vectors) -> torch.Tensor:
    return network.encode(vectors).memories[0].values


@torch.no_grad()
def test_source_vectors_are_standardised():
    """Scale and shift of the vectors do not change the memory."""
    network, other = make(("gru", "none", "vector")), make(("gru", "none", "vector"))
    vectors = torch.randn(20, VECTOR).double()
    moved = 3 * vectors - 7
    network.fit_input_scaling(vectors)
    other.fit_input_scaling(moved)
    torch.testing.assert_close(memory_of(network, vectors), memory_of(other, moved))
    scaled = (vectors - network.encoder.center) * network.encoder.slope
    torch.testing.assert_close(scaled.mean(0), torch.zeros(VECTOR).double())
    torch.testing.assert_close(scaled.std(0, correction=0), torch.ones(VECTOR).double())


@pytest.mark.parametrize("value", [0.0, 0.1, 1e-40, 3e38])
@torch.no_grad()
def test_constant_elements_are_ignored(value):
    network = make(("gru", "none", "vector")).float()
    vectors = torch.randn(50, VECTOR)
    vectors[:, 2] = value
    network.fit_input_scaling(vectors)
    before = memory_of(network, vectors)
    vectors[:, 2] = -value - 1
    assert torch.equal(memory_of(network, vectors), before)


@settings(max_examples=40, deadline=None)
@given(data=st.data())
@torch.no_grad()
def test_logits_are_finite_for_all_finite_vectors(data):
    """Also with the scaling fitted on extreme vectors."""
    network = make(("gru", "none", "vector")).float()
    rows = st.lists(
        st.floats(width=32, allow_nan=False, allow_infinity=False),
        min_size=VECTOR,
        max_size=VECTOR,
    )
    learned_from = torch.tensor(data.draw(st.lists(rows, min_size=1, max_size=3)))
    network.fit_input_scaling(learned_from)
    logits, _ = network(
        torch.zeros(1, 1, dtype=torch.int64), network.encode(torch.tensor([data.draw(rows)]))
    )
    assert logits.isfinite().all()


@torch.no_grad()
def test_elements_are_clipped_at_max_deviations():
    network = make(("gru", "none", "vector"))
    network.fit_input_scaling(
        torch.tensor([[-1.0], [1.0]]).expand(2, VECTOR)
    )  # mean 0, deviation 1
    read = [
        memory_of(network, torch.full((1, VECTOR), far * MAX_DEVIATIONS).double())
        for far in (0.5, 1, 9)
    ]
    assert torch.equal(read[1], read[2])
    assert not torch.equal(read[0], read[1])
