"""int8 quantisation of weights."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from compiled_steps import CompiledStep
from elman.cells import GRU, LSTM, Elman, ElmanReLU, MinGRU
from elman.errors import ModelFileError
from elman.kernels import core
from elman.nn.int8 import dequantize, fake_quantize, has_int8, quantize

TINY, LARGEST = (float(getattr(np.finfo(np.float32), name)) for name in ("tiny", "max"))


def by_hand(weight):
    """Reference, row by row in Python, with divisions in float32."""
    steps, scales = [], []
    for row in weight:
        scale = np.float32(max(map(abs, row))) / np.float32(127)
        if scale < TINY:
            scale = np.float32(0)
        scales.append(scale)
        steps.append([round(float(np.float32(each) / scale)) if scale else 0 for each in row])
    return steps, scales


NUMBERS = arrays(
    np.float32,
    array_shapes(min_dims=2, max_dims=2, max_side=8),
    elements=st.floats(-(2.0**120), 2.0**120, width=32),
)
SMALL_NUMBERS = arrays(
    np.float32,
    array_shapes(min_dims=2, max_dims=2, max_side=8),
    elements=st.floats(-(2.0**-117), 2.0**-117, width=32),
)


@settings(max_examples=100, deadline=None)
@given(weight=NUMBERS | SMALL_NUMBERS)
@example(weight=np.array([[0.5, 1.5, 2.5, -0.5, -1.5, 127]], dtype=np.float32))
@example(weight=np.array([[190, 1]], dtype=np.float32) * np.float32(2**-149))
@example(weight=np.zeros((2, 3), dtype=np.float32))
def test_weights_are_rounded_to_the_nearest_step(weight):
    result = quantize(weight)
    steps, scales = by_hand(weight.tolist())
    assert result.steps.tolist() == steps
    assert result.scale.tolist() == scales
    rounded = dequantize(result).astype(np.float64)
    off = np.abs(rounded - weight.astype(np.float64))
    scale = result.scale.astype(np.float64)[:, None]
    # Two quotients and a product, each exact to half a unit in the last place.
    assert (off <= np.where(scale > 0, scale * (0.5 + 127 * 2**-23), 127 * TINY)).all()


@settings(max_examples=100, deadline=None)
@given(weight=NUMBERS | SMALL_NUMBERS)
def test_quantisation_is_idempotent(weight):
    first = quantize(weight)
    again = quantize(dequantize(first))
    assert np.array_equal(again.steps, first.steps)
    assert np.array_equal(again.scale, first.scale)


def test_scale_is_recovered_exactly():
    """Also where 127 times the scale differs from the largest weight by rounding."""
    largest = np.random.default_rng(1).random((2**18, 1), dtype=np.float32) + np.float32(1)
    near_two = 2 - np.arange(1, 2**16)[:, None] * 2.0**-23
    largest = np.concatenate([largest, near_two.astype(np.float32)])
    first = quantize(largest)
    assert not np.array_equal(dequantize(first), largest)
    assert np.array_equal(quantize(dequantize(first)).scale, first.scale)


def test_rows_are_quantised_independently():
    weight = np.random.default_rng(1).standard_normal((5, 20)).astype(np.float32)
    weight[3] = 0
    alone = [quantize(row[None]) for row in weight]
    whole = quantize(weight)
    assert np.array_equal(whole.steps, np.concatenate([each.steps for each in alone]))
    assert np.array_equal(whole.scale, np.concatenate([each.scale for each in alone]))
    assert whole.scale[3] == 0


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf"), LARGEST])
def test_weights_that_are_not_finite_or_too_large_are_refused(bad):
    weight = np.ones((2, 3), dtype=np.float32)
    weight[1, 2] = bad
    with pytest.raises(ModelFileError, match="not finite"):
        quantize(weight)


@pytest.mark.parametrize(
    ("dtype", "shape", "rounds"),
    [
        (np.float32, (16, 16), True),
        (np.float32, (5000, 16), True),
        (np.float32, (15, 5000), False),
        (np.float32, (5000, 4), False),
        (np.float32, (256,), False),
        (np.float32, (16, 16, 16), False),
        (np.float64, (16, 16), False),
        (np.int64, (16, 16), False),
    ],
)
def test_float32_matrices_are_quantised(dtype, shape, rounds):
    assert has_int8(dtype, shape) is rounds
    array = np.arange(np.prod(shape)).reshape(shape).astype(dtype)
    assert np.array_equal(fake_quantize(array), array) is not rounds


@pytest.mark.parametrize("chosen", [name for name in core.sets() if name != core.OFF])
@pytest.mark.parametrize("cell", [LSTM, GRU, Elman, ElmanReLU, MinGRU])
def test_native_core_quantises_equally(cell, chosen):
    """Bitwise equal outputs with weights quantised before or by the core."""
    torch.manual_seed(2)
    network = cell(24, 40)
    x, state = torch.randn(3, 24), network.initial_state(3)
    with core.using(chosen), torch.no_grad():
        before, _ = CompiledStep(network, int8=True)(x, state)
        exact, _ = CompiledStep(network)(x, state)
        for weight in network.parameters():
            weight.copy_(torch.from_numpy(fake_quantize(weight.numpy(force=True))))
        after, _ = CompiledStep(network, int8=True)(x, state)
    assert torch.equal(before, after)
    assert not torch.equal(before, exact)
