"""A text read in rows: every token in its order, the state carried, nothing lost between."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from elman.cells import state_tensors
from elman.nn.blocks import StackConfig
from elman.nn.language_model import LanguageModelNetwork
from elman.training import bptt, precision
from elman.training.bptt import BPTTDataset

VOCABULARY = 11


@pytest.fixture(autouse=True)
def _exact(monkeypatch):
    """Laws are held in full precision, whatever this machine would rather multiply in."""
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
def test_windows_are_those_of_a_circle_read_one_token_at_a_time(size, rows, time, step):
    tokens = np.arange(size, dtype=np.uint32)  # each its own place
    read = BPTTDataset(network(), tokens, tokens, rows=rows, time=time)
    assert read.rows == max(1, min(rows, size // time))
    window = read._window(step)
    assert window.dtype == np.int64
    for row in range(read.rows):
        place = row * size // read.rows + step * time
        assert window[row].tolist() == [(place + t) % size for t in range(time + 1)]


@settings(max_examples=20, deadline=None)
@given(size=st.integers(8, 60), rows=st.integers(1, 4), time=st.integers(1, 5))
def test_consecutive_windows_leave_nothing_out_and_repeat_nothing(size, rows, time):
    tokens = np.arange(size)
    read = BPTTDataset(network(), tokens, tokens, rows=rows, time=time)
    for row in range(read.rows):
        seen = [p for step in range(5) for p in read._window(step)[row, :-1].tolist()]
        assert all((b - a) % size == 1 for a, b in pairwise(seen))


@pytest.mark.parametrize("cell", ["mingru", "lstm", "plain", "clockwork"])
def test_windows_with_the_state_carried_equal_one_long_scan(cell):
    """The loss of each, and all together; also across the end of the circle."""
    tokens, steps, time = text(70), 12, 7
    net = network(cell)
    read = BPTTDataset(net, tokens, tokens, rows=3, time=time)
    losses = [read.loss(step) for step in range(steps)]

    starts = np.arange(3)[:, None] * 70 // 3
    places = (starts + np.arange(steps * time + 1)) % 70
    long = torch.from_numpy(tokens[places].astype(np.int64))
    logits, last = net(long[:, :-1], net.initial_state(3))
    each = functional.cross_entropy(logits.flatten(0, 1), long[:, 1:].flatten(), reduction="none")
    expected = each.view(3, steps, time).mean((0, 2))
    for step, (loss, read_tokens) in enumerate(losses):
        assert read_tokens == 3 * time
        torch.testing.assert_close(loss.double(), expected[step], rtol=1e-6, atol=1e-6)
    for found, part in zip(read.carried(), state_tensors(last), strict=True):
        torch.testing.assert_close(found, part, rtol=1e-9, atol=1e-9)


def test_the_gradient_is_cut_between_windows_and_only_there():
    """A step's gradient is that of its window alone, begun from a state that is given."""
    tokens, time = text(60), 6
    net = network("gru")
    read = BPTTDataset(net, tokens, tokens, rows=2, time=time)
    read.loss(0)
    carried = [part.clone() for part in read.carried()]
    assert not any(part.requires_grad for part in carried)
    loss, _ = read.loss(1)
    weights = list(net.parameters())
    found = torch.autograd.grad(loss, weights)

    again = BPTTDataset(net, tokens, tokens, rows=2, time=time)
    again.carry(iter(carried))
    window = torch.from_numpy(again._window(1))
    logits, _ = net(window[:, :-1], again.state)
    targets = window[:, 1:].flatten()
    loss = functional.cross_entropy(logits.flatten(0, 1).float(), targets)
    for one, other in zip(found, torch.autograd.grad(loss, weights), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-7)


def test_what_is_carried_is_put_back():
    read = BPTTDataset(network("lstm"), text(60), text(9), rows=2, time=5)
    read.loss(0)
    kept = [part.clone() for part in read.carried()]
    expected = read.loss(1)[0]
    assert read.loss(1)[0] != expected, "the state has moved on"
    read.carry(iter(kept))
    assert read.loss(1)[0] == expected
    for part in kept:  # what is put back is a copy: a snapshot stays what it was
        part.fill_(9)
    read.carry(iter(kept))
    held = list(read.carried())
    kept[0].zero_()
    assert held[0].min() == 9


@settings(max_examples=25, deadline=None)
@given(size=st.integers(2, 120), rows=st.integers(1, 5), time=st.integers(1, 6))
def test_validation_equals_a_plain_loop(size, rows, time):
    """Token by token, each row's own stretch of the text, from a fresh state."""
    valid, net = text(size, seed=1), network("mingru")
    read = BPTTDataset(net, text(rows * time), valid, rows=rows, time=time)
    found = read.validate()
    own_rows = max(1, min(read.rows, (size - 1) // time))
    length = (size - 1) // own_rows
    nats = []
    with torch.no_grad():
        for row in range(own_rows):
            state = net.initial_state(1)
            for place in range(row * length, (row + 1) * length):
                token = torch.tensor([[int(valid[place])]])
                logits, state = net(token, state)
                nats.append(-logits[0, 0].log_softmax(0)[int(valid[place + 1])].item())
    assert found == pytest.approx(np.mean(nats), rel=1e-5)


def test_a_long_text_is_validated_by_its_beginning(monkeypatch):
    monkeypatch.setattr(bptt, "VALIDATED", 30)
    valid = text(500, seed=1)
    net = network()
    short = BPTTDataset(net, text(40), valid[:30], rows=2, time=5)
    assert BPTTDataset(net, text(40), valid, rows=2, time=5).validate() == short.validate()


def test_validation_is_without_dropout_and_changes_nothing():
    torch.manual_seed(0)
    net = LanguageModelNetwork(StackConfig(VOCABULARY, "gru", 8, 1, dropout=0.5))
    read = BPTTDataset(net, text(80), text(60, seed=1), rows=2, time=5)
    read.loss(0)
    kept = [part.clone() for part in read.carried()]
    weights = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    assert read.validate() == read.validate()
    assert net.training
    assert (
        read.validate() == BPTTDataset(net.eval(), text(80), read.valid, rows=2, time=5).validate()
    )
    assert not net.training
    for one, other in zip(read.carried(), kept, strict=True):
        assert torch.equal(one, other)
    for name, tensor in net.state_dict().items():
        assert torch.equal(tensor, weights[name])


def test_in_bfloat16_the_losses_are_near(monkeypatch):
    net = network("mingru").float()
    exact = BPTTDataset(net, text(80), text(60), rows=2, time=5)
    expected = [exact.loss(step)[0].item() for step in range(4)]
    monkeypatch.setattr(precision, "fast_type", lambda _: torch.bfloat16)
    fast = BPTTDataset(net, text(80), text(60), rows=2, time=5)
    found = [fast.loss(step)[0].item() for step in range(4)]
    assert found == pytest.approx(expected, rel=0.02)
    assert found != expected
    assert all(part.dtype == torch.float32 for part in fast.carried())


def test_a_mapped_text_is_not_copied_whole(tmp_path):
    """A text of 64 MB on the disk: a step takes its windows and nothing more."""
    import tracemalloc

    path = tmp_path / "ids"
    with path.open("wb") as file:
        file.truncate(2**26)
    tokens = np.memmap(path, np.uint16, "r")
    read = BPTTDataset(network().float(), tokens, tokens, rows=4, time=8)
    tracemalloc.start()
    try:
        read.loss(3)
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()
