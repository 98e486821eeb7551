"""A class network's members answer together, and each learns by itself."""

from __future__ import annotations

import torch
from torch.nn import functional

from elman.nn.blocks import StackConfig
from elman.nn.classifier import ClassifierNetwork
from elman.nn.encoder import EncoderConfig, PaddedBatch

PADDED = PaddedBatch(torch.tensor([[1, 2], [3, 4], [0, 5]]), torch.tensor([2, 3]))


def make(members: int) -> ClassifierNetwork:
    torch.manual_seed(1)
    return ClassifierNetwork(
        EncoderConfig(StackConfig(7, hidden_size=8, dropout=0.0)), 3, 0.0, members
    ).eval()


def test_the_answer_is_the_mean_of_the_members_probabilities():
    network = make(3)
    answer, _ = network(PADDED)
    alone = [member(PADDED)[0].softmax(1) for member in network.members]
    assert not torch.allclose(alone[0], alone[1], atol=1e-3), "they begin differently"
    torch.testing.assert_close(answer.exp(), torch.stack(alone).mean(0))


def test_the_members_learn_apart():
    """The gradient of one's weights is that of its own loss, whatever the others say."""
    network, wanted = make(2), torch.tensor([0, 2])
    logits, _ = network.each(PADDED)
    functional.cross_entropy(logits.flatten(0, 1), wanted.repeat(2)).backward()
    together = network.members[1].output.weight.grad.clone()
    network.zero_grad()
    functional.cross_entropy(network.members[1](PADDED)[0], wanted).backward()
    torch.testing.assert_close(together, network.members[1].output.weight.grad / 2)


def test_reading_on_is_each_members_own():
    network = make(2)
    whole, _ = network(PaddedBatch(PADDED.tokens[:, 1:], torch.tensor([3])))
    state = network.start(1)
    for t in range(3):
        answer, state = network(PaddedBatch(PADDED.tokens[t : t + 1, 1:], torch.tensor([1])), state)
    torch.testing.assert_close(answer, whole)
