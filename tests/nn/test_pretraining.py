"""The foreteller's loss: plain cross entropy of the words to come, and of no padding."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch.nn import functional

from elman.nn.blocks import StackConfig
from elman.nn.encoder import Encoder, EncoderConfig, PaddedBatch
from elman.nn.pretraining import PretrainingHead
from elman.text.subword_hashing import BUCKETS, HashedVocabulary, WordForms
from elman.training.dataset import TokenDataset

VOCABULARY, WIDTH = 7, 6


def make(directions: int, buckets: int = 0) -> PretrainingHead:
    torch.manual_seed(4)
    blocks = StackConfig(VOCABULARY, "gru", WIDTH, 1, dropout=0.0)
    return PretrainingHead(Encoder(EncoderConfig(blocks, directions, buckets), 0.0)).double().eval()


def row_of(passages: PaddedBatch, row: int) -> PaddedBatch:
    length = int(passages.lengths[row])
    symbols = passages.symbols[:length, row : row + 1]
    return PaddedBatch(symbols, torch.tensor([length]), passages.words)


def losses_of_row(
    foreteller: PretrainingHead, passages: PaddedBatch, chances
) -> list[torch.Tensor]:
    """Of one text each word foretold, written out: in each direction all but the first."""
    table = foreteller.reader.table(passages)
    vectors, _ = foreteller.reader(passages, table=table)
    losses = []
    for direction, y in enumerate(vectors):
        words = passages.symbols[:, 0].tolist()
        words = words[::-1] if direction else words
        for time, wanted in enumerate(words[1:]):
            scores = table @ foreteller.outputs[direction](y[time, 0]) - chances
            losses.append(functional.cross_entropy(scores[None], torch.tensor([wanted])))
    return losses


@pytest.fixture
def symbols():
    generator = torch.Generator().manual_seed(1)
    lengths = torch.tensor([6, 1, 3, 2])
    return PaddedBatch(torch.randint(VOCABULARY, (6, 4), generator=generator), lengths)


@pytest.mark.parametrize("directions", [1, 2])
def test_of_symbols_it_is_the_cross_entropy_over_all_of_them(symbols, directions):
    """A text of one symbol foretells nothing, and counts for nothing."""
    foreteller = make(directions)
    zeros = torch.zeros(VOCABULARY, dtype=torch.float64)
    losses = [
        loss for row in range(4) for loss in losses_of_row(foreteller, row_of(symbols, row), zeros)
    ]
    assert len(losses) == directions * (5 + 0 + 2 + 1)
    torch.testing.assert_close(foreteller(symbols, zeros), torch.stack(losses).mean())


@pytest.mark.parametrize("directions", [1, 2])
def test_padding_is_never_foretold(symbols, directions):
    foreteller = make(directions)
    zeros = torch.zeros(VOCABULARY, dtype=torch.float64)
    found = []
    for garbage in (0, VOCABULARY - 1):
        padded = symbols.symbols.where(symbols.real[..., 0], garbage)
        loss = foreteller(symbols._replace(symbols=padded), zeros)
        found.append([loss, *torch.autograd.grad(loss, list(foreteller.parameters()))])
    assert all(torch.equal(one, other) for one, other in zip(*found, strict=True))


@pytest.mark.parametrize("directions", [1, 2])
def test_of_words_it_is_among_those_of_the_batch_less_their_chances(directions):
    forms = WordForms(HashedVocabulary(["the", "cat", "sat"]))
    texts = [["the", "cat", "sat", "on", "the", "mat"], ["a", "cat"], ["so"]]
    read = TokenDataset([forms.places(text) for text in texts], forms)
    passages = read.passages(np.arange(3))
    passages = passages._replace(
        words=passages.words._replace(weights=passages.words.weights.double())
    )
    foreteller = make(directions, BUCKETS)
    chances = torch.linspace(-3, 0, len(passages.words.numbers), dtype=torch.float64)
    losses = [
        loss
        for row in range(3)
        for loss in losses_of_row(foreteller, row_of(passages, row), chances)
    ]
    with torch.no_grad():
        loss = foreteller(passages, chances)
        plain = foreteller(passages, torch.zeros_like(chances))
    torch.testing.assert_close(loss, torch.stack(losses).mean())
    assert not math.isclose(float(loss), float(plain), rel_tol=1e-3)
