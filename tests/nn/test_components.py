"""Every component and every field of a `StackConfig` has an effect."""

from __future__ import annotations

import copy
import dataclasses

import pytest
import torch
from torch import nn

from elman.cells import CELLS
from elman.nn.blocks import SharedDropout
from elman.nn.config import COMPONENTS, StackConfig
from elman.nn.language_model import LanguageModelNetwork

BASE = StackConfig(vocabulary=9, cell="gru", hidden_size=8, layers=2, dropout=0.0)
TOKENS = torch.randint(9, (3, 6), generator=torch.Generator().manual_seed(0))


def make(**changes) -> LanguageModelNetwork:
    torch.manual_seed(5)
    return LanguageModelNetwork(dataclasses.replace(BASE, **changes))


def logits_of(network: LanguageModelNetwork, seed: int = 0):
    torch.manual_seed(seed)
    return network(TOKENS, network.initial_state(len(TOKENS)))[0].detach()


def shapes_of(network: LanguageModelNetwork):
    return {name: tuple(p.shape) for name, p in network.named_parameters()}


def test_every_field_is_tested_here():
    names = {field.name for field in dataclasses.fields(StackConfig)}
    assert names == {"vocabulary", "cell", "hidden_size", "layers", "components", "dropout", "tied"}


@pytest.mark.parametrize(
    "change",
    [
        {"vocabulary": 10},
        {"hidden_size": 12},
        {"layers": 1},
        {"tied": True},
        *({"cell": cell} for cell in CELLS if cell != "gru"),
    ],
    ids=str,
)
def test_every_field_changes_the_parameters(change):
    assert shapes_of(make(**change)) != shapes_of(make())


def test_each_name_builds_its_cell():
    """Also for two cells with equal names and shapes of parameters."""
    for name, kind in CELLS.items():
        assert type(make(cell=name).stack.blocks[0].mixer.cell) is kind


@pytest.mark.parametrize(
    ("part", "owned"),
    [
        ("norm", {"norm.weight", "mixer_norm.weight", "mlp.0.weight"}),
        ("convolution", {"mixer.convolution.weight", "mixer.convolution.bias"}),
        ("gate", {"mixer.gate.weight", "mixer.gate.bias", "mixer.out.weight", "mixer.out.bias"}),
        ("residual", set()),
        ("mlp", {"mlp.0.weight", *(f"mlp.1.{n}.{p}" for n in ("gate", "into", "out")
                                   for p in ("weight", "bias"))}),
    ],
)  # fmt: skip
def test_each_component_has_its_parameters_and_changes_the_outputs(part, owned):
    assert part in COMPONENTS
    network = make()
    without = make(components=tuple(other for other in COMPONENTS if other != part))
    gone = shapes_of(network).keys() - shapes_of(without).keys()
    local = {name.removeprefix("stack.") for name in gone}
    local = {name.split(".", 2)[2] if name.startswith("blocks.") else name for name in local}
    assert local == owned
    # With equal common weights the outputs still differ.
    state = {name: t for name, t in network.state_dict().items() if name not in gone}
    missing, extra = without.load_state_dict(state, strict=False)
    assert not extra
    assert all(name.startswith("mlp") or "norm" in name for name in missing)
    assert (logits_of(network) - logits_of(without)).abs().max() > 1e-3


def test_every_parameter_reaches_the_outputs():
    for cell in CELLS:
        network = make(cell=cell)
        logits, _ = network(TOKENS, network.initial_state(3))
        gradients = torch.autograd.grad(logits.square().sum(), list(network.parameters()))
        for (name, _), gradient in zip(network.named_parameters(), gradients, strict=True):
            assert gradient.any(), (cell, name)


# Dropout


def test_dropout_mask_is_shared_over_time_and_keeps_the_mean():
    p, rows, hidden_size = 0.3, 60, 100
    dropout = SharedDropout(p).train()
    torch.manual_seed(0)
    y = dropout(torch.ones(5, rows, hidden_size, dtype=torch.float64))
    assert torch.equal(y, y[:1].expand_as(y))
    kept = y[0] > 0
    torch.testing.assert_close(y[0][kept], torch.full_like(y[0][kept], 1 / (1 - p)))
    # 6,000 draws: the fraction kept is within five standard deviations of 1 - p.
    deviation = (p * (1 - p) / kept.numel()) ** 0.5
    assert abs(float(kept.double().mean()) - (1 - p)) < 5 * deviation
    assert not (kept == kept[0]).all(), "each row has its own mask"
    assert not torch.equal(dropout(torch.ones_like(y)), y), "each call has its own mask"


@pytest.mark.parametrize("reset", [False, True])
def test_every_dropout_of_a_network_has_one_mask_for_all_times(reset, monkeypatch):
    """A mask is (B, W); each dropout draws one in a forward pass."""
    network = make(dropout=0.5).train()
    masks, draw = [], SharedDropout.mask

    def recorded(self, x):
        assert x.shape[0] > 1
        masks.append(draw(self, x))
        assert masks[-1].shape == x.shape[1:]
        return masks[-1]

    monkeypatch.setattr(SharedDropout, "mask", recorded)
    resets = torch.zeros(3, 6, dtype=torch.bool)
    resets[1, 2] = True
    network(TOKENS, network.initial_state(3), resets=resets if reset else None)
    # Once after the embedding, and in each block after the mixer and after the MLP.
    assert len(masks) == 1 + 2 * BASE.layers
    for mask in masks:
        assert set(mask.unique().tolist()) == {0.0, 2.0}


def test_dropout_is_active_in_training_only():
    network, without = make(dropout=0.5), make(dropout=0.0)
    assert torch.equal(logits_of(network.eval()), logits_of(without.eval()))
    assert torch.equal(logits_of(without.train()), logits_of(without.eval()))
    assert not torch.equal(logits_of(network.train()), logits_of(without))
    assert not torch.equal(logits_of(network, seed=1), logits_of(network, seed=2))


# Tied embeddings


def test_tied_embeddings_are_one_matrix():
    tied, untied = make(tied=True), make()
    assert tied.output.weight is tied.embedding.weight
    assert untied.output.weight is not untied.embedding.weight
    sizes = [sum(p.numel() for p in network.parameters()) for network in (untied, tied)]
    assert sizes[0] - sizes[1] == BASE.vocabulary * BASE.hidden_size
    for moved in (copy.deepcopy(tied), make(tied=True).double()):
        assert moved.output.weight is moved.embedding.weight


def test_gradient_of_a_tied_matrix_is_the_sum_of_both_uses():
    tied, untied = make(tied=True), make()
    untied.load_state_dict(tied.state_dict())
    untied.scale = tied.scale  # the input scale of a tied embedding
    torch.testing.assert_close(logits_of(tied), logits_of(untied))

    def gradients(network: LanguageModelNetwork, *weights: nn.Parameter):
        logits, _ = network(TOKENS, network.initial_state(3))
        return torch.autograd.grad(logits.square().sum(), weights)

    (both,) = gradients(tied, tied.embedding.weight)
    first, second = gradients(untied, untied.embedding.weight, untied.output.weight)
    assert first.any()
    assert second.any()
    torch.testing.assert_close(both, first + second)
