"""The operations between products: each equals its formula, its gradient finite differences."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional

from elman.kernels import core
from elman.kernels.core import EPSILON
from elman.kernels.pointwise import (
    join,
    product_type,
    rms_norm,
    short_convolution,
    silu_gate,
)


def plain_rms_norm(x: Tensor, weight: Tensor) -> Tensor:
    return x / (x.square().mean(-1, keepdim=True) + EPSILON).sqrt() * weight


def plain_silu_gate(gate: Tensor, value: Tensor) -> Tensor:
    return gate / (1 + (-gate).exp()) * value


def plain_short_convolution(inputs: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """torch's own depthwise convolution, which numbers its taps from the oldest input."""
    channels_first = inputs.permute(1, 2, 0)
    taps = weight.flip(0).t()[:, None]
    return functional.conv1d(channels_first, taps, bias, groups=len(bias)).permute(2, 0, 1)


SHAPES = {
    "rms_norm": lambda t, b, w, _: [(t, b, w), (w,)],
    "silu_gate": lambda t, b, w, _: [(t, b, w), (t, b, w)],
    "short_convolution": lambda t, b, w, k: [(k - 1 + t, b, w), (k, w), (w,)],
    "join": lambda t, b, w, _: [(t, b, w), (t, b, w)],
}
FUSED = {
    "rms_norm": rms_norm,
    "silu_gate": silu_gate,
    "short_convolution": short_convolution,
    "join": join,
}
PLAIN = {
    "rms_norm": plain_rms_norm,
    "silu_gate": plain_silu_gate,
    "short_convolution": plain_short_convolution,
    "join": torch.add,
}


def arguments(name: str, sizes: tuple[int, int, int, int], seed: int, dtype=torch.float64):
    torch.manual_seed(seed)
    shapes = SHAPES[name](*sizes)
    return [torch.randn(shape, dtype=dtype, requires_grad=True) for shape in shapes]


SIZES = st.tuples(st.integers(1, 5), st.integers(1, 3), st.integers(1, 4), st.integers(1, 4))


@pytest.mark.parametrize("name", FUSED)
@settings(max_examples=15, deadline=None)
@given(sizes=SIZES, seed=st.integers(0, 2**31), size=st.sampled_from([1e-4, 1.0, 30.0]))
def test_outputs_equal_the_formula(name, sizes, seed, size):
    given_ = [part.detach() * size for part in arguments(name, sizes, seed)]
    torch.testing.assert_close(FUSED[name](*given_), PLAIN[name](*given_), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", FUSED)
@settings(max_examples=10, deadline=None)
@given(sizes=SIZES, seed=st.integers(0, 2**31))
def test_gradients_equal_finite_differences_and_the_formula(name, sizes, seed):
    inputs = arguments(name, sizes, seed)
    assert torch.autograd.gradcheck(FUSED[name], inputs)
    y = FUSED[name](*inputs)
    outer = torch.randn_like(y)
    result = torch.autograd.grad(y, inputs, outer)
    expected = torch.autograd.grad(PLAIN[name](*inputs), inputs, outer)
    for one, other in zip(result, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("name", FUSED)
def test_gradients_for_one_input_alone(name):
    inputs = arguments(name, (3, 2, 4, 3), 0)
    outer = torch.randn_like(PLAIN[name](*inputs))
    for index in range(len(inputs)):
        alone = [part.detach().requires_grad_(i == index) for i, part in enumerate(inputs)]
        (result,) = torch.autograd.grad(FUSED[name](*alone), alone[index], outer)
        (expected,) = torch.autograd.grad(PLAIN[name](*alone), alone[index], outer)
        torch.testing.assert_close(result, expected)


def test_rms_norm_of_zeros_is_zero_and_has_a_gradient():
    x = torch.zeros(2, 1, 4, dtype=torch.float64, requires_grad=True)
    weight = torch.ones(4, dtype=torch.float64)
    y = rms_norm(x, weight)
    assert not y.any()
    (gradient,) = torch.autograd.grad(y.sum(), x)
    torch.testing.assert_close(gradient, torch.full_like(x, EPSILON**-0.5))


def test_silu_is_finite_where_its_exponential_overflows():
    gate = torch.tensor([-1000.0, 1000.0], requires_grad=True)
    value = torch.tensor([2.0, 2.0])
    y = silu_gate(gate, value)
    assert y.tolist() == pytest.approx([0.0, 2000.0], abs=1e-30)
    assert torch.autograd.grad(y.sum(), gate)[0].tolist() == pytest.approx([0.0, 2.0], abs=1e-30)


@pytest.mark.parametrize("name", FUSED)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_bfloat16_outputs_and_gradients_are_close_to_float32(name, dtype):
    """Under autocast weights stay float32, and inputs may have either type."""
    inputs = arguments(name, (6, 3, 16, 4), 0, torch.float32)
    vectors = 2 if name in ("silu_gate", "join") else 1
    outer = torch.randn_like(PLAIN[name](*inputs))
    expected = PLAIN[name](*inputs)
    exact = torch.autograd.grad(expected, inputs, outer)
    given_ = [
        part.detach().to(dtype if i < vectors else torch.float32).requires_grad_()
        for i, part in enumerate(inputs)
    ]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        y = FUSED[name](*given_)
    result = torch.autograd.grad(y, given_, outer.to(y.dtype))
    torch.testing.assert_close(y.float(), expected, rtol=0.03, atol=0.05)
    for one, other, part in zip(result, exact, given_, strict=True):
        assert one.dtype == part.dtype
        error = torch.linalg.vector_norm(one.float() - other)
        assert error < 0.02 * torch.linalg.vector_norm(other)


NATIVE_FUNCTIONS = {
    f"Fused{name}Backward" for name in ("RMSNorm", "SiLUGate", "ShortConvolution", "Join")
}
NATIVE = [name for name in core.sets() if name != core.OFF]


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("instructions", NATIVE)
@pytest.mark.parametrize("name", FUSED)
@settings(max_examples=8, deadline=None)
@given(
    sizes=st.tuples(st.integers(1, 5), st.integers(1, 3), st.integers(1, 70), st.integers(1, 4)),
    seed=st.integers(0, 2**31),
)
def test_native_outputs_and_gradients_equal_the_formula(name, instructions, threads, sizes, seed):
    """On every instruction set, at widths that are no multiple of a vector, on several threads."""
    inputs = arguments(name, sizes, seed)
    narrow = [part.detach().float().requires_grad_() for part in inputs]
    expected = PLAIN[name](*inputs)
    outer = torch.randn_like(expected)
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        with core.using(instructions):
            y = FUSED[name](*narrow)
            assert type(y.grad_fn).__name__ in NATIVE_FUNCTIONS, "the native core did not run"
            result = torch.autograd.grad(y, narrow, outer.float())
    finally:
        torch.set_num_threads(before)
    torch.testing.assert_close(y.double(), expected, rtol=1e-4, atol=1e-5)
    exact = torch.autograd.grad(expected, inputs, outer)
    for one, other in zip(result, exact, strict=True):
        torch.testing.assert_close(one.double(), other, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("instructions", [*NATIVE, core.OFF])
def test_join_masks_only_what_joins_the_residual_path(instructions):
    x, y = (torch.randn(4, 3, 21, requires_grad=True) for _ in range(2))
    mask = (torch.rand(3, 21) < 0.5).float() * 2
    outer = torch.randn(4, 3, 21)
    with core.using(instructions):
        joined = join(x, y, mask)
        to_x, to_y = torch.autograd.grad(joined, [x, y], outer)
    torch.testing.assert_close(joined, x + y * mask)
    assert torch.equal(to_x, outer)
    torch.testing.assert_close(to_y, outer * mask)


def test_rms_norm_returns_the_type_of_products():
    x, weight = torch.randn(2, 3), torch.ones(3)
    assert product_type(x) == rms_norm(x, weight).dtype == torch.float32
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert product_type(x) == rms_norm(x, weight).dtype == torch.bfloat16
        assert (rms_norm(x, weight) @ torch.ones(3, 2)).dtype == torch.bfloat16
