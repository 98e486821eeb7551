"""Attention against other people's, and against its formula written out."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from elman.nn.attention import HEAD_WIDTH, KINDS, Attention
from elman.nn.blocks import StackConfig

WIDTH, TIME, ROWS, SOURCE = 8, 3, 2, 5


def make(kind: str, width: int = WIDTH) -> Attention:
    """In double precision, every parameter drawn."""
    torch.manual_seed(5)
    attention = Attention(StackConfig(vocabulary=3, hidden_size=width), kind).double()
    with torch.no_grad():
        for parameter in attention.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    return attention


def looks(width: int = WIDTH):
    """What is asked (T, B, W), what is looked at (S, B, W), and which of it is real (B, S)."""
    torch.manual_seed(6)
    asked, seen = (torch.randn(time, ROWS, width).double() for time in (TIME, SOURCE))
    real = torch.ones(ROWS, SOURCE, dtype=torch.bool)
    real[1, 3:] = False
    return asked, seen, real


def mask_of(real):
    return torch.zeros(real.shape).masked_fill(~real, -torch.inf)[:, None, None]


@pytest.mark.parametrize(("width", "heads"), [(8, 1), (HEAD_WIDTH, 1), (2 * HEAD_WIDTH, 2)])
@torch.no_grad()
def test_dot_is_the_multi_head_attention_of_torch(width, heads):
    attention = make("dot", width)
    assert attention.heads == heads
    theirs = nn.MultiheadAttention(width, heads).double()
    components = attention.query, attention.key, attention.value
    theirs.in_proj_weight.copy_(torch.cat([part.weight for part in components]))
    theirs.in_proj_bias.copy_(torch.cat([part.bias for part in components]))
    theirs.out_proj.load_state_dict(attention.out.state_dict())
    asked, seen, real = looks(width)
    expected, weights = theirs(asked, seen, seen, key_padding_mask=~real)
    memory = attention.project_kv(seen, mask_of(real))
    torch.testing.assert_close(attention(asked, memory), expected, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(
        attention.weights(asked, memory).double(), weights, atol=1e-6, rtol=0
    )


def test_a_width_that_the_heads_do_not_divide_has_fewer():
    assert make("dot", 2 * HEAD_WIDTH + 1).heads == 1
    assert make("dot", 3 * HEAD_WIDTH + 2).heads == 2


@torch.no_grad()
def test_additive_is_its_formula():
    """e[t, s] = u tanh(q[t] + k[s]) + b; a = softmax(e) over the real s; y = W_out sum a v."""
    attention = make("additive")
    asked, seen, real = looks()
    found = attention(asked, attention.project_kv(seen, mask_of(real)))
    u, b = attention.weigh.weight[0], attention.weigh.bias
    for row in range(ROWS):
        there = seen[real[row], row]
        keys, values = attention.key(there), attention.value(there)
        for time in range(TIME):
            query = attention.query(asked[time, row])
            likeness = torch.stack([u @ torch.tanh(query + key) + b[0] for key in keys])
            mean = (likeness.softmax(0)[:, None] * values).sum(0)
            torch.testing.assert_close(found[time, row], attention.out(mean), atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
@torch.no_grad()
def test_weights_are_shares_of_what_is_real_and_what_they_say_is_what_is_seen(kind):
    attention = make(kind)
    asked, seen, real = looks()
    memory = attention.project_kv(seen, mask_of(real))
    weights = attention.weights(asked, memory)
    assert weights.shape == (ROWS, TIME, SOURCE)
    torch.testing.assert_close(weights.sum(2), torch.ones(ROWS, TIME))
    assert (weights[1, :, 3:] == 0).all()
    assert (weights[real[:, None].expand_as(weights)] > 0).all()
    values = attention.value(seen).transpose(0, 1)  # one head: (B, S, W)
    mean = (weights.double() @ values).transpose(0, 1)
    torch.testing.assert_close(attention(asked, memory), attention.out(mean), atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize(("kind", "width"), [("dot", 2 * HEAD_WIDTH), ("additive", WIDTH)])
@torch.no_grad()
def test_targets_of_one_source_look_at_it_as_each_would_alone(kind, width):
    """Three of each source, neighbours in the batch, and one memory for them."""
    attention = make(kind, width)
    _, seen, real = looks(width)
    asked = torch.randn(TIME, 3 * ROWS, width).double()
    memory = attention.project_kv(seen, mask_of(real))
    together, shares = attention(asked, memory), attention.weights(asked, memory)
    every = real.repeat_interleave(3, 0), seen.repeat_interleave(3, 1)
    repeated = attention.project_kv(every[1], mask_of(every[0]))
    torch.testing.assert_close(together, attention(asked, repeated), atol=1e-6, rtol=1e-5)
    torch.testing.assert_close(shares, attention.weights(asked, repeated))
