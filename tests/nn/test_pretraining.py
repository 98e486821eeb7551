"""The loss of the pretraining head: cross-entropy of the next tokens, without padding."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch.nn import functional

from elman.nn.config import EncoderConfig, StackConfig
from elman.nn.encoder import Encoder, PaddedBatch
from elman.nn.pretraining import PretrainingHead
from elman.text.subword_hashing import BUCKETS, HashedVocabulary, WordForms
from elman.training.dataset import TokenDataset

VOCABULARY, WIDTH = 7, 6


def make(directions: int, buckets: int = 0) -> PretrainingHead:
    torch.manual_seed(4)
    blocks = StackConfig(VOCABULARY, "gru", WIDTH, 1, dropout=0.0)
    return PretrainingHead(Encoder(EncoderConfig(blocks, directions, buckets), 0.0)).double().eval()


def row_of(padded: PaddedBatch, row: int) -> PaddedBatch:
    length = int(padded.lengths[row])
    tokens = padded.tokens[:length, row : row + 1]
    return PaddedBatch(tokens, torch.tensor([length]), padded.words)


def losses_of_row(head: PretrainingHead, padded: PaddedBatch, log_q) -> list[torch.Tensor]:
    """Reference: one text token by token; each direction predicts all but its first."""
    table = head.encoder.table(padded)
    vectors, _ = head.encoder(padded, table=table)
    losses = []
    for direction, y in enumerate(vectors):
        words = padded.tokens[:, 0].tolist()
        words = words[::-1] if direction else words
        for time, target in enumerate(words[1:]):
            logits = table @ head.outputs[direction](y[time, 0]) - log_q
            losses.append(functional.cross_entropy(logits[None], torch.tensor([target])))
    return losses


@pytest.fixture
def tokens():
    generator = torch.Generator().manual_seed(1)
    lengths = torch.tensor([6, 1, 3, 2])
    return PaddedBatch(torch.randint(VOCABULARY, (6, 4), generator=generator), lengths)


@pytest.mark.parametrize("directions", [1, 2])
def test_loss_of_tokens_is_the_full_cross_entropy(tokens, directions):
    """A text of one token contributes no loss."""
    head = make(directions)
    zeros = torch.zeros(VOCABULARY, dtype=torch.float64)
    losses = [loss for row in range(4) for loss in losses_of_row(head, row_of(tokens, row), zeros)]
    assert len(losses) == directions * (5 + 0 + 2 + 1)
    torch.testing.assert_close(head(tokens, zeros), torch.stack(losses).mean())


@pytest.mark.parametrize("directions", [1, 2])
def test_padding_is_not_predicted(tokens, directions):
    head = make(directions)
    zeros = torch.zeros(VOCABULARY, dtype=torch.float64)
    result = []
    for garbage in (0, VOCABULARY - 1):
        padded = tokens.tokens.where(tokens.real[..., 0], garbage)
        loss = head(tokens._replace(tokens=padded), zeros)
        result.append([loss, *torch.autograd.grad(loss, list(head.parameters()))])
    assert all(torch.equal(one, other) for one, other in zip(*result, strict=True))


@pytest.mark.parametrize("directions", [1, 2])
def test_loss_of_words_is_in_batch_sampled_softmax_with_log_q(directions):
    forms = WordForms(HashedVocabulary(["the", "cat", "sat"]))
    texts = [["the", "cat", "sat", "on", "the", "mat"], ["a", "cat"], ["so"]]
    dataset = TokenDataset([forms.indices(text) for text in texts], forms)
    padded = dataset.collate(np.arange(3))
    padded = padded._replace(words=padded.words._replace(weights=padded.words.weights.double()))
    head = make(directions, BUCKETS)
    log_q = torch.linspace(-3, 0, len(padded.words.ids), dtype=torch.float64)
    losses = [loss for row in range(3) for loss in losses_of_row(head, row_of(padded, row), log_q)]
    with torch.no_grad():
        loss = head(padded, log_q)
        plain = head(padded, torch.zeros_like(log_q))
    torch.testing.assert_close(loss, torch.stack(losses).mean())
    assert not math.isclose(float(loss), float(plain), rel_tol=1e-3)
