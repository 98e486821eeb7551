"""The fused output layer and loss equal torch's two separate operations."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from elman.cells import state_tensors
from elman.kernels import cross_entropy
from elman.kernels.cross_entropy import linear_cross_entropy
from elman.nn.config import StackConfig
from elman.nn.language_model import LanguageModelNetwork


def problem(dtype: torch.dtype = torch.float64, count: int = 11, vocabulary: int = 7):
    torch.manual_seed(2)
    tensors = [torch.randn(*s, dtype=dtype) for s in ((count, 5), (vocabulary, 5), (vocabulary,))]
    targets = torch.randint(0, vocabulary, (count,))
    return [tensor.requires_grad_() for tensor in tensors], targets


def reference_loss(x, weight, bias, targets, smoothing=0.0):
    logits = functional.linear(x, weight, bias)
    return functional.cross_entropy(logits, targets, label_smoothing=smoothing)


@pytest.mark.parametrize("chunk", [1, 7, 21, 10_000])
@pytest.mark.parametrize("smoothing", [0.0, 0.1, 1.0])
def test_the_loss_and_its_gradients(monkeypatch, chunk, smoothing):
    monkeypatch.setattr(cross_entropy, "CHUNK", chunk)
    inputs, targets = problem()
    result = 3 * linear_cross_entropy(*inputs, targets, smoothing)
    expected = 3 * reference_loss(*inputs, targets, smoothing)
    torch.testing.assert_close(result, expected)
    pairs = zip(
        torch.autograd.grad(result, inputs), torch.autograd.grad(expected, inputs), strict=True
    )
    for ours, theirs in pairs:
        torch.testing.assert_close(ours, theirs)


def test_without_gradients_nothing_is_saved():
    inputs, targets = problem()
    with torch.no_grad():
        result = linear_cross_entropy(*inputs, targets)
    assert result.grad_fn is None
    torch.testing.assert_close(result, reference_loss(*inputs, targets).detach())


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_bfloat16_products_keep_float32_sums(smoothing):
    inputs, targets = problem(torch.float32, count=300, vocabulary=50)
    exact = reference_loss(*inputs, targets, smoothing)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        result = linear_cross_entropy(*inputs, targets, smoothing)
    assert result.dtype == torch.float32
    torch.testing.assert_close(result, exact, rtol=5e-3, atol=5e-3)
    pairs = zip(
        torch.autograd.grad(result, inputs), torch.autograd.grad(exact, inputs), strict=True
    )
    for ours, theirs in pairs:
        assert ours.dtype == theirs.dtype
        torch.testing.assert_close(ours, theirs, rtol=0.05, atol=1e-3)


def test_the_loss_of_an_impossible_token_is_large_and_finite():
    x = torch.tensor([[1000.0]])
    loss = linear_cross_entropy(x, torch.tensor([[1.0], [-1.0]]), torch.zeros(2), torch.tensor([1]))
    assert 80 < float(loss) < 100


def test_nan_inputs_give_a_nan_loss():
    inputs, targets = problem()
    with torch.no_grad():
        inputs[0][3, 2] = float("nan")
    assert torch.isnan(linear_cross_entropy(*inputs, targets))


@pytest.mark.parametrize("tied", [False, True])
def test_the_loss_of_a_network_equals_that_of_its_logits(tied):
    torch.manual_seed(4)
    network = LanguageModelNetwork(
        StackConfig(vocabulary=9, hidden_size=6, layers=1, tied=tied)
    ).double()
    network.eval()
    tokens, targets = torch.randint(0, 9, (2, 3, 5))
    state = network.initial_state(3)
    result, after = network.loss(tokens, targets, state)
    logits, expected_after = network(tokens, state)
    expected = functional.cross_entropy(logits.flatten(0, 1), targets.flatten())
    torch.testing.assert_close(result, expected)
    parameters = list(network.parameters())
    for ours, theirs in zip(
        torch.autograd.grad(result, parameters),
        torch.autograd.grad(expected, parameters),
        strict=True,
    ):
        torch.testing.assert_close(ours, theirs)
    for ours, theirs in zip(state_tensors(after), state_tensors(expected_after), strict=True):
        torch.testing.assert_close(ours, theirs)
