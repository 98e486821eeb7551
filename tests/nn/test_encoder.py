"""A reader's laws, and those of what a class network pools from it, for every cell."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from elman.cells import CELLS, state_tensors
from elman.nn.blocks import StackConfig
from elman.nn.classifier import ClassifierEncoder
from elman.nn.encoder import WORD_DROPOUT, EncoderConfig, PaddedBatch, WordEmbedding
from elman.text.subword_hashing import HashedVocabulary, WordForms
from elman.training.dataset import TokenDataset

VOCABULARY, WIDTH, CLASSES = 7, 8, 3
READERS = list(itertools.product(CELLS, (1, 2)))


def make(cell: str = "gru", directions: int = 1, buckets: int = 0) -> ClassifierEncoder:
    """In double precision, every parameter drawn."""
    torch.manual_seed(3)
    blocks = StackConfig(VOCABULARY, cell, WIDTH, 2, dropout=0.3)
    network = (
        ClassifierEncoder(EncoderConfig(blocks, directions, buckets), CLASSES, 0.3).double().eval()
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


@pytest.mark.parametrize(("cell", "directions"), READERS)
@settings(max_examples=4, deadline=None)
@given(lengths=st.lists(st.integers(1, 9), min_size=1, max_size=4), seed=st.integers(0, 99))
@torch.no_grad()
def test_a_text_says_the_same_alone_and_among_others(cell, directions, lengths, seed):
    network, padded = make(cell, directions), ragged(lengths, seed)
    logits, impression = network(padded)
    for row in range(len(lengths)):
        alone, its = network(row_of(padded, row))
        torch.testing.assert_close(alone[0], logits[row])
        for found, expected in zip(state_tensors(impression), state_tensors(its), strict=True):
            torch.testing.assert_close(found[row], expected[0], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("cell", "directions"), READERS)
def test_what_lies_behind_a_text_is_never_seen(cell, directions):
    """Two kinds of padding: the same logits and gradients, to the bit."""
    network, padded = make(cell, directions), ragged([5, 2, 1])
    found = []
    for garbage in (0, VOCABULARY - 1):
        tokens = padded.tokens.where(padded.real[..., 0], garbage)
        logits, _ = network(padded._replace(tokens=tokens))
        loss = logits.square().sum()
        found.append([logits, *torch.autograd.grad(loss, list(network.parameters()))])
    assert all(torch.equal(one, other) for one, other in zip(*found, strict=True))


@pytest.mark.parametrize("cell", CELLS)
@settings(max_examples=4, deadline=None)
@given(cuts=st.sets(st.integers(1, 7)), seed=st.integers(0, 99))
@torch.no_grad()
def test_reading_on_in_pieces_is_reading_the_whole(cell, cuts, seed):
    network, padded = make(cell), ragged([8], seed)
    impression = network.start(1)
    for start, stop in itertools.pairwise([0, *sorted(cuts), 8]):
        logits, impression = network(row_of(padded, 0, start, stop), impression)
        whole, expected = network(row_of(padded, 0, 0, stop))
        torch.testing.assert_close(logits, whole)
        assert_same(impression, expected)


@pytest.mark.parametrize("cell", CELLS)
@torch.no_grad()
def test_the_second_direction_reads_the_text_turned_round(cell):
    """Against a reader of one direction with its weights, row by row, flipped by hand."""
    both, one = make(cell, directions=2).reader, make(cell).reader
    one.stacks[0].load_state_dict(both.stacks[1].state_dict())
    one.embedding.load_state_dict(both.embedding.state_dict())
    padded = ragged([6, 3, 1])
    (_, found), (_, states) = both(padded)
    for row, length in enumerate(padded.lengths.tolist()):
        alone = row_of(padded, row)
        flipped = alone._replace(tokens=alone.tokens.flip(0))
        (expected,), (state,) = one(flipped)
        torch.testing.assert_close(found[:length, row], expected[:, 0])
        for part, its in zip(state_tensors(states), state_tensors(state), strict=True):
            torch.testing.assert_close(part[row], its[0])


@pytest.mark.parametrize("directions", [1, 2])
@torch.no_grad()
def test_classes_are_told_from_the_largest_and_the_mean(directions):
    network, padded = make(directions=directions), ragged([5])
    vectors, _ = network.reader(padded)
    whole = torch.cat(vectors, 2)[:, 0]
    pooled = torch.cat([whole.amax(0), whole.mean(0)])
    logits, _ = network(padded)
    expected = network.output.weight @ pooled + network.output.bias
    torch.testing.assert_close(logits[0], expected.float())


@torch.no_grad()
def test_order_matters_to_it():
    network, padded = make(), ragged([6])
    flipped = padded._replace(tokens=padded.tokens.flip(0))
    assert (network(padded)[0] - network(flipped)[0]).abs().max() > 1e-3


def in_words(texts: list[list[str]]) -> tuple[PaddedBatch, WordForms]:
    forms = WordForms(HashedVocabulary(["the", "cat"]))
    read = TokenDataset([forms.indices(text) for text in texts], forms)
    return read.collate(np.arange(len(texts))), forms


@torch.no_grad()
def test_a_word_is_its_own_vector_and_its_weighted_ngrams():
    padded, _ = in_words([["the", "cat"], ["zyzzy", "The", "the"]])
    words = padded.words
    embedding = WordEmbedding(3, 2**15, WIDTH).eval()
    ends = [*words.starts[1:].tolist(), len(words.ngrams)]
    for place, (start, end) in enumerate(zip(words.starts.tolist(), ends, strict=True)):
        grams = embedding.ngrams.weight[words.ngrams[start:end]]
        expected = embedding.own.weight[words.numbers[place]]
        expected = expected + (words.weights[start:end, None] * grams).sum(0)
        torch.testing.assert_close(embedding(words)[place], expected)


@torch.no_grad()
def test_training_reads_some_words_by_their_characters_alone():
    torch.manual_seed(0)
    padded, _ = in_words([[f"word{number}" for number in range(2000)]])
    embedding = WordEmbedding(3, 2**15, WIDTH).train()
    embedding.ngrams.weight.zero_()
    embedding.own.weight.fill_(1)
    silent = (embedding(padded.words) == 0).all(1).float().mean()
    assert silent == pytest.approx(WORD_DROPOUT, abs=0.03)
    assert embedding.eval()(padded.words).eq(1).all()


@torch.no_grad()
def test_words_side_by_side_say_what_each_text_says_alone():
    network = make(buckets=2**15).float()
    texts = [["the", "cat", "zyzzy"], ["cat"], ["a", "cat", "the", "the", "b"]]
    together, _ = network(in_words(texts)[0])
    for row, text in enumerate(texts):
        torch.testing.assert_close(network(in_words([text])[0])[0][0], together[row])


def test_training_silences_and_answering_does_not():
    network, padded = make(), ragged([5, 3])
    with torch.no_grad():
        assert torch.equal(network(padded)[0], network(padded)[0])
        network.train()
        assert not torch.equal(network(padded)[0], network(padded)[0])
