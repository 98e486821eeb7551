"""The native core: the choice of instruction set, its messages, and its precision."""

from __future__ import annotations

import json
import shutil
import sys
import sysconfig
from pathlib import Path

import pytest
import torch

from commands import Process
from elman.cells import CELLS, LSTM, map_state, state_tensors
from elman.errors import SettingError
from elman.kernels import core
from elman.kernels.scan import scan

SETS = core.sets()[:-1]


def run_info(requested):
    """Run `elman info` in a new process with ELMAN_NATIVE set."""
    environment = {} if requested is None else {core.VARIABLE: requested}
    process = Process("info", "--json", **environment)
    out, err = (each.decode() for each in process.communicate(timeout=120))
    process.close()
    return process.returncode, out, err


@pytest.fixture
def unchosen(monkeypatch):
    """Reset the choice of instruction set."""
    before = core.name()
    monkeypatch.setattr(core._Choice, "name", None)
    yield monkeypatch
    monkeypatch.undo()
    core.use(before)


@pytest.mark.skipif(
    shutil.which("c++") is None
    or not Path(sysconfig.get_path("include"), "Python.h").exists()
    or sys.platform == "win32",
    reason="no compiler or Python headers to build it",
)
def test_the_core_was_built():
    """Everything works without it, so no other test would fail."""
    assert SETS


def test_portable_is_last_before_off():
    assert core.sets()[-2:] == ("portable", "off") or core.sets() == ("off",)


@pytest.mark.parametrize(
    ("requested", "reported"), [("off", "off (ELMAN_NATIVE=off)"), (None, None)]
)
def test_the_environment_chooses(monkeypatch, requested, reported):
    monkeypatch.delenv(core.VARIABLE, raising=False)
    status, out, err = run_info(requested)
    assert status == 0, err
    assert json.loads(out)["native_core"] == (reported or core.state())


@pytest.mark.parametrize("requested", core.sets())
def test_the_environment_chooses_any_supported_set(requested, unchosen):
    unchosen.setenv(core.VARIABLE, requested)
    assert core.name() == requested
    assert (core.module() is None) == (requested == "off")
    if requested != "off":
        assert core.module().used() == requested


def test_an_empty_variable_chooses_the_fastest(unchosen):
    unchosen.setenv(core.VARIABLE, "")
    assert core.name() == core.sets()[0]


def test_an_unsupported_set_is_refused_in_one_line():
    status, out, err = run_info("sse9")
    result = ", ".join(core.sets())
    assert (status, out) == (1, "")
    assert err == (
        "elman: ELMAN_NATIVE: 'sse9' is not supported by this machine or build; choose from "
        f"{result}\n"
    )


def test_using_restores_the_previous_set():
    before = core.name()
    for requested in core.sets():
        with core.using(requested):
            assert core.name() == requested
            with pytest.raises(ZeroDivisionError), core.using("off"):
                raise ZeroDivisionError
            assert core.name() == requested
        assert core.name() == before


def test_using_an_unsupported_set_changes_nothing():
    before = core.name()
    with pytest.raises(SettingError, match="'sse9'"), core.using("sse9"):
        pass
    assert core.name() == before


def test_state_is_the_name_or_off_with_its_reason():
    for requested in SETS:
        with core.using(requested):
            assert core.state() == requested
    with core.using("off"):
        assert core.state() == "off (ELMAN_NATIVE=off)"


def test_without_the_core_torch_runs_cells(unchosen):
    unchosen.setattr(core, "_loaded", lambda: (None, "not built"))
    assert core.sets() == ("off",)
    assert core.state() == "off (not built)"
    cell, xs = CELLS["lstm"](3, 4), torch.randn(2, 5, 3)
    ys, _ = scan(cell, xs)
    torch.testing.assert_close(ys, scan(cell, xs, kernel="reference")[0])
    with pytest.raises(SettingError, match="no kernel 'native'"):
        scan(cell, xs, kernel="native")


VALUES = torch.cat(
    [torch.linspace(-100, 100, 20_001), torch.tensor([0.0, -0.0]), 10.0 ** torch.arange(-38, 2)]
)


def through_a_gate(gate: str, values: torch.Tensor) -> torch.Tensor:
    """The activation of a gate at values, read from the c of an LSTM of one unit."""
    cell = LSTM(1, 1)
    with torch.no_grad():
        for part in cell.parameters():
            part.zero_()
        # i open or tested, c before is 0, g tested or 1.
        weight, bias = {"tanh": (2, 0), "sigmoid": (0, 2)}[gate]
        cell.i2h.weight[weight] = 1
        cell.i2h.bias[bias] = 100
        xs = torch.stack([values, values], 1)[..., None]  # padding
        ones = torch.ones(len(xs), dtype=torch.int64)
        return scan(cell, xs, lengths=ones, kernel="native")[1].c[:, 0]


@pytest.mark.parametrize("instructions", SETS)
def test_gate_activations_are_exact_to_the_last_bits(instructions):
    """Relative to their value, however small, down to 1e-38."""
    with core.using(instructions):
        sigmoid, tanh = (through_a_gate(name, VALUES).double() for name in ("sigmoid", "tanh"))
    for result, function in ((sigmoid, torch.sigmoid), (tanh, torch.tanh)):
        torch.testing.assert_close(result, function(VALUES.double()), rtol=2e-7, atol=1e-38)
    assert torch.cat([sigmoid, tanh.abs()]).max() == pytest.approx(1, abs=1.2e-7)


NAN, INFINITY = float("nan"), float("inf")


@pytest.mark.parametrize("instructions", SETS)
@pytest.mark.parametrize("name", ["elman", "elman-relu", "gru", "lstm", "mingru"])
def test_nan_stays_in_its_row(name, instructions):
    """Each row equals float64, for minGRU without values that overflow its unbounded candidate."""
    cell = CELLS[name](1, 1)
    with torch.no_grad():
        for part in cell.parameters():
            part.fill_(0.5)
    largest = [] if name == "mingru" else [3e38, -3e38, INFINITY, -INFINITY]
    xs = torch.tensor([NAN, 1.0, 200.0, -200.0, 1e-45, -2.0, *largest]).repeat(3)[:, None, None]
    xs = torch.cat([xs, torch.ones_like(xs)], dim=1)
    state = map_state(lambda part: part + 0.5, cell.initial_state(len(xs)))
    expected = scan(cell.double(), xs.double(), map_state(torch.Tensor.double, state))
    with core.using(instructions):
        result = scan(cell.float(), xs, state, kernel="native")
    for a, b in zip(state_tensors(result), state_tensors(expected), strict=True):
        torch.testing.assert_close(a, b.float(), rtol=1e-6, atol=1e-6, equal_nan=True)
    assert result[0][0].isnan().all()
    assert result[0][1].isfinite().all()
