"""The members of a classifier's ensemble: averaged in prediction, independent in training."""

from __future__ import annotations

import torch
from torch.nn import functional

from elman.nn.classifier import ClassifierNetwork
from elman.nn.config import EncoderConfig, StackConfig
from elman.nn.encoder import PaddedBatch

PADDED = PaddedBatch(torch.tensor([[1, 2], [3, 4], [0, 5]]), torch.tensor([2, 3]))


def make(members: int) -> ClassifierNetwork:
    torch.manual_seed(1)
    return ClassifierNetwork(
        EncoderConfig(StackConfig(7, hidden_size=8, dropout=0.0)), 3, 0.0, members
    ).eval()


def only(network: ClassifierNetwork, member: int) -> ClassifierNetwork:
    """A network of one member, with the weights of that one."""
    single = make(1)
    single.members[0].load_state_dict(network.members[member].state_dict())
    return single


def test_probabilities_are_the_mean_of_the_members():
    network = make(3)
    log_probabilities, _ = network(PADDED)
    alone = [only(network, member)(PADDED)[0].exp() for member in range(3)]
    assert not torch.allclose(alone[0], alone[1], atol=1e-3), "members begin differently"
    torch.testing.assert_close(log_probabilities.exp(), torch.stack(alone).mean(0))


def test_gradient_of_a_member_depends_on_its_own_loss_only():
    network, targets = make(2), torch.tensor([0, 2])
    logits, _ = network.member_logits(PADDED)
    functional.cross_entropy(logits.flatten(0, 1), targets.repeat(2)).backward()
    single = only(network, 1)
    functional.cross_entropy(single(PADDED)[0], targets).backward()
    torch.testing.assert_close(network.outputs[1].weight.grad, single.outputs[0].weight.grad / 2)


def test_each_member_continues_from_its_own_state():
    network = make(2)
    expected, _ = network(PaddedBatch(PADDED.tokens[:, 1:], torch.tensor([3])))
    state = network.initial_state(1)
    for t in range(3):
        token = PaddedBatch(PADDED.tokens[t : t + 1, 1:], torch.tensor([1]))
        log_probabilities, state = network(token, state)
    torch.testing.assert_close(log_probabilities, expected)
