"""Invariants of the encoder and of the pooling over it, for every cell."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from elman.cells import CELLS, state_tensors
from elman.nn.classifier import ClassifierNetwork
from elman.nn.config import EncoderConfig, StackConfig
from elman.nn.encoder import WORD_DROPOUT, PaddedBatch, WordEmbedding
from elman.text.subword_hashing import HashedVocabulary, WordForms
from elman.training.dataset import TokenDataset

VOCABULARY, WIDTH, CLASSES = 7, 8, 3
ENCODERS = list(itertools.product(CELLS, (1, 2)))


def make(cell: str = "gru", directions: int = 1, buckets: int = 0) -> ClassifierNetwork:
    """One member in double precision, every parameter random."""
    torch.manual_seed(3)
    blocks = StackConfig(VOCABULARY, cell, WIDTH, 2, dropout=0.3)
    network = (
        ClassifierNetwork(EncoderConfig(blocks, directions, buckets), CLASSES, 0.3).double().eval()
    )
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return network


def ragged(lengths: list[int], seed: int = 0) -> PaddedBatch:
    generator = torch.Generator().manual_seed(seed)
    tokens = torch.randint(VOCABULARY, (max(lengths), len(lengths)), generator=generator)
    return PaddedBatch(tokens, torch.tensor(lengths))


def row_of(padded: PaddedBatch, row: int, start: int = 0, stop: int | None = None) -> PaddedBatch:
    """A part of one row."""
    stop = int(padded.lengths[row]) if stop is None else stop
    return PaddedBatch(padded.tokens[start:stop, row : row + 1], torch.tensor([stop - start]))


def assert_same(left, right) -> None:
    for a, b in zip(state_tensors(left), state_tensors(right), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-6)  # pooled in float32


@pytest.mark.parametrize(("cell", "directions"), ENCODERS)
@settings(max_examples=4, deadline=None)
@given(lengths=st.lists(st.integers(1, 9), min_size=1, max_size=4), seed=st.integers(0, 99))
@torch.no_grad()
def test_logits_and_state_of_a_row_do_not_depend_on_the_batch(cell, directions, lengths, seed):
    network, padded = make(cell, directions), ragged(lengths, seed)
    logits, states = network(padded)
    for row in range(len(lengths)):
        alone, expected = network(row_of(padded, row))
        torch.testing.assert_close(alone[0], logits[row])
        for batched, single in zip(state_tensors(states), state_tensors(expected), strict=True):
            torch.testing.assert_close(batched[row], single[0], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("cell", "directions"), ENCODERS)
def test_padding_changes_neither_logits_nor_gradients(cell, directions):
    """Two padding tokens give bitwise equal results."""
    network, padded = make(cell, directions), ragged([5, 2, 1])
    result = []
    for garbage in (0, VOCABULARY - 1):
        tokens = padded.tokens.where(padded.real[..., 0], garbage)
        logits, _ = network(padded._replace(tokens=tokens))
        loss = logits.square().sum()
        result.append([logits, *torch.autograd.grad(loss, list(network.parameters()))])
    assert all(torch.equal(one, other) for one, other in zip(*result, strict=True))


@pytest.mark.parametrize("cell", CELLS)
@settings(max_examples=4, deadline=None)
@given(cuts=st.sets(st.integers(1, 7)), seed=st.integers(0, 99))
@torch.no_grad()
def test_chunks_equal_the_whole_sequence(cell, cuts, seed):
    network, padded = make(cell), ragged([8], seed)
    state = network.initial_state(1)
    for start, stop in itertools.pairwise([0, *sorted(cuts), 8]):
        logits, state = network(row_of(padded, 0, start, stop), state)
        whole, expected = network(row_of(padded, 0, 0, stop))
        torch.testing.assert_close(logits, whole)
        assert_same(state, expected)


@pytest.mark.parametrize("cell", CELLS)
@torch.no_grad()
def test_second_direction_equals_one_direction_on_reversed_text(cell):
    """Against an encoder of one direction with its weights, on each row flipped by hand."""
    both, one = (make(cell, directions).encoders[0] for directions in (2, 1))
    one.stacks[0].load_state_dict(both.stacks[1].state_dict())
    one.embedding.load_state_dict(both.embedding.state_dict())
    padded = ragged([6, 3, 1])
    (_, result), (_, states) = both(padded)
    for row, length in enumerate(padded.lengths.tolist()):
        alone = row_of(padded, row)
        flipped = alone._replace(tokens=alone.tokens.flip(0))
        (expected,), (state,) = one(flipped)
        torch.testing.assert_close(result[:length, row], expected[:, 0])
        for batched, single in zip(state_tensors(states), state_tensors(state), strict=True):
            torch.testing.assert_close(batched[row], single[0])


@pytest.mark.parametrize("directions", [1, 2])
@torch.no_grad()
def test_logits_are_linear_in_maximum_and_mean_over_time(directions):
    network, padded = make(directions=directions), ragged([5])
    vectors, _ = network.encoders[0](padded)
    whole = torch.cat(vectors, 2)[:, 0]
    pooled = torch.cat([whole.amax(0), whole.mean(0)])
    logits, _ = network.member_logits(padded)
    output = network.outputs[0]
    expected = output.weight @ pooled + output.bias
    torch.testing.assert_close(logits[0, 0], expected.float())


@torch.no_grad()
def test_order_of_tokens_changes_the_logits():
    network, padded = make(), ragged([6])
    flipped = padded._replace(tokens=padded.tokens.flip(0))
    assert (network(padded)[0] - network(flipped)[0]).abs().max() > 1e-3


def in_words(texts: list[list[str]]) -> tuple[PaddedBatch, WordForms]:
    forms = WordForms(HashedVocabulary(["the", "cat"]))
    dataset = TokenDataset([forms.indices(text) for text in texts], forms)
    return dataset.collate(np.arange(len(texts))), forms


@torch.no_grad()
def test_embedding_of_a_word_is_its_vector_plus_weighted_ngrams():
    padded, _ = in_words([["the", "cat"], ["zyzzy", "The", "the"]])
    words = padded.words
    embedding = WordEmbedding(3, 2**15, WIDTH).eval()
    ends = [*words.starts[1:].tolist(), len(words.ngrams)]
    for index, (start, end) in enumerate(zip(words.starts.tolist(), ends, strict=True)):
        grams = embedding.ngrams.weight[words.ngrams[start:end]]
        expected = embedding.own.weight[words.ids[index]]
        expected = expected + (words.weights[start:end, None] * grams).sum(0)
        torch.testing.assert_close(embedding(words)[index], expected)


@torch.no_grad()
def test_word_dropout_zeroes_some_word_vectors_in_training():
    torch.manual_seed(0)
    padded, _ = in_words([[f"word{number}" for number in range(2000)]])
    embedding = WordEmbedding(3, 2**15, WIDTH).train()
    embedding.ngrams.weight.zero_()
    embedding.own.weight.fill_(1)
    dropped = (embedding(padded.words) == 0).all(1).float().mean()
    assert dropped == pytest.approx(WORD_DROPOUT, abs=0.03)
    assert embedding.eval()(padded.words).eq(1).all()


@torch.no_grad()
def test_logits_of_texts_in_words_do_not_depend_on_the_batch():
    network = make(buckets=2**15).float()
    texts = [["the", "cat", "zyzzy"], ["cat"], ["a", "cat", "the", "the", "b"]]
    batched, _ = network(in_words(texts)[0])
    for row, text in enumerate(texts):
        torch.testing.assert_close(network(in_words([text])[0])[0][0], batched[row])


def test_dropout_is_active_in_training_only():
    network, padded = make(), ragged([5, 3])
    with torch.no_grad():
        assert torch.equal(network(padded)[0], network(padded)[0])
        network.train()
        assert not torch.equal(network(padded)[0], network(padded)[0])
