"""Attention against `nn.MultiheadAttention` and against its formula."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from elman.nn.attention import Attention
from elman.nn.config import ATTENTIONS, HEAD_WIDTH, StackConfig

WIDTH, TIME, ROWS, SOURCE = 8, 3, 2, 5


def make(kind: str, width: int = WIDTH) -> Attention:
    """In double precision, every parameter random."""
    torch.manual_seed(5)
    attention = Attention(StackConfig(vocabulary=3, hidden_size=width), kind).double()
    with torch.no_grad():
        for parameter in attention.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    return attention


def inputs(width: int = WIDTH):
    """Queries (T, B, W), the encoder's vectors (S, B, W), and the mask of real ones (B, S)."""
    torch.manual_seed(6)
    queries, vectors = (torch.randn(time, ROWS, width).double() for time in (TIME, SOURCE))
    real = torch.ones(ROWS, SOURCE, dtype=torch.bool)
    real[1, 3:] = False
    return queries, vectors, real


def mask_of(real):
    return torch.zeros(real.shape).masked_fill(~real, -torch.inf)[:, None, None]


@pytest.mark.parametrize(("width", "heads"), [(8, 1), (HEAD_WIDTH, 1), (2 * HEAD_WIDTH, 2)])
@torch.no_grad()
def test_dot_equals_torch_multi_head_attention(width, heads):
    attention = make("dot", width)
    assert attention.heads == heads
    theirs = nn.MultiheadAttention(width, heads).double()
    components = attention.query, attention.key, attention.value
    theirs.in_proj_weight.copy_(torch.cat([part.weight for part in components]))
    theirs.in_proj_bias.copy_(torch.cat([part.bias for part in components]))
    theirs.out_proj.load_state_dict(attention.out.state_dict())
    queries, vectors, real = inputs(width)
    expected, weights = theirs(queries, vectors, vectors, key_padding_mask=~real)
    memory = attention.project_kv(vectors, mask_of(real))
    torch.testing.assert_close(attention(queries, memory), expected, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(
        attention.weights(queries, memory).double(), weights, atol=1e-6, rtol=0
    )


def test_heads_divide_the_hidden_size():
    assert make("dot", 2 * HEAD_WIDTH + 1).heads == 1
    assert make("dot", 3 * HEAD_WIDTH + 2).heads == 2


@torch.no_grad()
def test_additive_equals_its_formula():
    """e[t, s] = u tanh(q[t] + k[s]) + b; a = softmax(e) over the real s; y = W_out sum a v."""
    attention = make("additive")
    queries, vectors, real = inputs()
    result = attention(queries, attention.project_kv(vectors, mask_of(real)))
    u, b = attention.weigh.weight[0], attention.weigh.bias
    for row in range(ROWS):
        row_vectors = vectors[real[row], row]
        keys, values = attention.key(row_vectors), attention.value(row_vectors)
        for time in range(TIME):
            query = attention.query(queries[time, row])
            score = torch.stack([u @ torch.tanh(query + key) + b[0] for key in keys])
            mean = (score.softmax(0)[:, None] * values).sum(0)
            torch.testing.assert_close(result[time, row], attention.out(mean), atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("kind", ATTENTIONS)
@torch.no_grad()
def test_weights_sum_to_one_without_padding_and_give_the_output(kind):
    attention = make(kind)
    queries, vectors, real = inputs()
    memory = attention.project_kv(vectors, mask_of(real))
    weights = attention.weights(queries, memory)
    assert weights.shape == (ROWS, TIME, SOURCE)
    torch.testing.assert_close(weights.sum(2), torch.ones(ROWS, TIME))
    assert (weights[1, :, 3:] == 0).all()
    assert (weights[real[:, None].expand_as(weights)] > 0).all()
    values = attention.value(vectors).transpose(0, 1)  # one head: (B, S, W)
    mean = (weights.double() @ values).transpose(0, 1)
    torch.testing.assert_close(
        attention(queries, memory), attention.out(mean), atol=1e-6, rtol=1e-5
    )


@pytest.mark.parametrize(("kind", "width"), [("dot", 2 * HEAD_WIDTH), ("additive", WIDTH)])
@torch.no_grad()
def test_targets_of_one_source_share_its_memory(kind, width):
    """Three adjacent targets of each source equal three copies of the source."""
    attention = make(kind, width)
    _, vectors, real = inputs(width)
    queries = torch.randn(TIME, 3 * ROWS, width).double()
    memory = attention.project_kv(vectors, mask_of(real))
    y, weights = attention(queries, memory), attention.weights(queries, memory)
    every = real.repeat_interleave(3, 0), vectors.repeat_interleave(3, 1)
    repeated = attention.project_kv(every[1], mask_of(every[0]))
    torch.testing.assert_close(y, attention(queries, repeated), atol=1e-6, rtol=1e-5)
    torch.testing.assert_close(weights, attention.weights(queries, repeated))
