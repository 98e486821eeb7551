"""Truncated back-propagation through time: token order, carried state, validation."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from elman.cells import state_tensors
from elman.nn.config import StackConfig
from elman.nn.language_model import LanguageModelNetwork
from elman.training import bptt, precision
from elman.training.bptt import BPTTDataset

VOCABULARY = 11


@pytest.fixture(autouse=True)
def _exact(monkeypatch):
    """Invariants are tested in full precision, also on hardware with bfloat16."""
    monkeypatch.setattr(precision, "fast_type", lambda _: None)


def network(cell: str = "gru", **options) -> LanguageModelNetwork:
    torch.manual_seed(2)
    return LanguageModelNetwork(
        StackConfig(VOCABULARY, cell, 8, 1, dropout=0.0, **options)
    ).double()


def text(size: int, seed: int = 0, dtype: type = np.uint16) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, VOCABULARY, size).astype(dtype)


@settings(max_examples=60, deadline=None)
@given(
    size=st.integers(2, 60),
    rows=st.integers(1, 6),
    time=st.integers(1, 9),
    step=st.integers(0, 40) | st.integers(0, 10**9),
)
def test_windows_wrap_around_the_text(size, rows, time, step):
    tokens = np.arange(size, dtype=np.uint32)  # each token is its own position
    dataset = BPTTDataset(network(), tokens, tokens, batch_size=rows, sequence_length=time)
    assert dataset.batch_size == max(1, min(rows, size // time))
    window = dataset._window(step)
    assert window.dtype == np.int64
    for row in range(dataset.batch_size):
        start = row * size // dataset.batch_size + step * time
        assert window[row].tolist() == [(start + t) % size for t in range(time + 1)]


@settings(max_examples=20, deadline=None)
@given(size=st.integers(8, 60), rows=st.integers(1, 4), time=st.integers(1, 5))
def test_consecutive_windows_are_contiguous(size, rows, time):
    tokens = np.arange(size)
    dataset = BPTTDataset(network(), tokens, tokens, batch_size=rows, sequence_length=time)
    for row in range(dataset.batch_size):
        positions = [p for step in range(5) for p in dataset._window(step)[row, :-1].tolist()]
        assert all((b - a) % size == 1 for a, b in pairwise(positions))


@pytest.mark.parametrize("cell", ["mingru", "lstm", "plain", "clockwork"])
def test_windows_with_carried_state_equal_one_long_scan(cell):
    """The loss of each window, also where the text wraps around."""
    tokens, steps, time = text(70), 12, 7
    net = network(cell)
    dataset = BPTTDataset(net, tokens, tokens, batch_size=3, sequence_length=time)
    losses = [dataset.loss(step) for step in range(steps)]

    starts = np.arange(3)[:, None] * 70 // 3
    positions = (starts + np.arange(steps * time + 1)) % 70
    long = torch.from_numpy(tokens[positions].astype(np.int64))
    logits, last = net(long[:, :-1], net.initial_state(3))
    each = functional.cross_entropy(logits.flatten(0, 1), long[:, 1:].flatten(), reduction="none")
    expected = each.view(3, steps, time).mean((0, 2))
    for step, (loss, read_tokens) in enumerate(losses):
        assert read_tokens == 3 * time
        torch.testing.assert_close(loss.double(), expected[step], rtol=1e-6, atol=1e-6)
    for result, part in zip(dataset.state_tensors(), state_tensors(last), strict=True):
        torch.testing.assert_close(result, part, rtol=1e-9, atol=1e-9)


def test_gradient_is_truncated_between_windows_only():
    """The gradient of a step is that of its window from a constant initial state."""
    tokens, time = text(60), 6
    net = network("gru")
    dataset = BPTTDataset(net, tokens, tokens, batch_size=2, sequence_length=time)
    dataset.loss(0)
    carried = [part.clone() for part in dataset.state_tensors()]
    assert not any(part.requires_grad for part in carried)
    loss, _ = dataset.loss(1)
    weights = list(net.parameters())
    result = torch.autograd.grad(loss, weights)

    again = BPTTDataset(net, tokens, tokens, batch_size=2, sequence_length=time)
    again.load_state_tensors(iter(carried))
    window = torch.from_numpy(again._window(1))
    logits, _ = net(window[:, :-1], again.state)
    targets = window[:, 1:].flatten()
    loss = functional.cross_entropy(logits.flatten(0, 1).float(), targets)
    for one, other in zip(result, torch.autograd.grad(loss, weights), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-7)


def test_state_tensors_can_be_restored():
    dataset = BPTTDataset(network("lstm"), text(60), text(9), batch_size=2, sequence_length=5)
    dataset.loss(0)
    saved = [part.clone() for part in dataset.state_tensors()]
    expected = dataset.loss(1)[0]
    assert dataset.loss(1)[0] != expected, "the state has moved on"
    dataset.load_state_tensors(iter(saved))
    assert dataset.loss(1)[0] == expected
    for part in saved:  # restoring copies: a snapshot does not change later
        part.fill_(9)
    dataset.load_state_tensors(iter(saved))
    restored = list(dataset.state_tensors())
    saved[0].zero_()
    assert restored[0].min() == 9


@settings(max_examples=25, deadline=None)
@given(size=st.integers(2, 120), rows=st.integers(1, 5), time=st.integers(1, 6))
def test_validation_equals_a_plain_loop(size, rows, time):
    """Token by token, each row's part of the text, from the initial state."""
    valid, net = text(size, seed=1), network("mingru")
    dataset = BPTTDataset(net, text(rows * time), valid, batch_size=rows, sequence_length=time)
    result = dataset.validate()
    rows_used = max(1, min(dataset.batch_size, (size - 1) // time))
    length = (size - 1) // rows_used
    nats = []
    with torch.no_grad():
        for row in range(rows_used):
            state = net.initial_state(1)
            for t in range(row * length, (row + 1) * length):
                token = torch.tensor([[int(valid[t])]])
                logits, state = net(token, state)
                nats.append(-logits[0, 0].log_softmax(0)[int(valid[t + 1])].item())
    assert result == pytest.approx(np.mean(nats), rel=1e-5)


def test_validation_reads_the_start_of_a_long_text(monkeypatch):
    monkeypatch.setattr(bptt, "VALIDATED", 30)
    valid = text(500, seed=1)
    net = network()
    short = BPTTDataset(net, text(40), valid[:30], batch_size=2, sequence_length=5)
    assert (
        BPTTDataset(net, text(40), valid, batch_size=2, sequence_length=5).validate()
        == short.validate()
    )


def test_validation_has_no_dropout_and_no_side_effects():
    torch.manual_seed(0)
    net = LanguageModelNetwork(StackConfig(VOCABULARY, "gru", 8, 1, dropout=0.5))
    dataset = BPTTDataset(net, text(80), text(60, seed=1), batch_size=2, sequence_length=5)
    dataset.loss(0)
    saved = [part.clone() for part in dataset.state_tensors()]
    weights = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    assert dataset.validate() == dataset.validate()
    assert net.training
    assert (
        dataset.validate()
        == BPTTDataset(
            net.eval(), text(80), dataset.valid, batch_size=2, sequence_length=5
        ).validate()
    )
    assert not net.training
    for one, other in zip(dataset.state_tensors(), saved, strict=True):
        assert torch.equal(one, other)
    for name, tensor in net.state_dict().items():
        assert torch.equal(tensor, weights[name])


def test_losses_in_bfloat16_are_close(monkeypatch):
    net = network("mingru").float()
    exact = BPTTDataset(net, text(80), text(60), batch_size=2, sequence_length=5)
    expected = [exact.loss(step)[0].item() for step in range(4)]
    monkeypatch.setattr(precision, "fast_type", lambda _: torch.bfloat16)
    fast = BPTTDataset(net, text(80), text(60), batch_size=2, sequence_length=5)
    result = [fast.loss(step)[0].item() for step in range(4)]
    assert result == pytest.approx(expected, rel=0.02)
    assert result != expected
    assert all(part.dtype == torch.float32 for part in fast.state_tensors())


def test_memory_mapped_text_is_not_copied(tmp_path):
    """A step on a file of 64 MB allocates less than 1 MB."""
    import tracemalloc

    path = tmp_path / "ids"
    with path.open("wb") as file:
        file.truncate(2**26)
    tokens = np.memmap(path, np.uint16, "r")
    dataset = BPTTDataset(network().float(), tokens, tokens, batch_size=4, sequence_length=8)
    tracemalloc.start()
    try:
        dataset.loss(3)
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()
