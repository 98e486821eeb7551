"""The native core: which instruction set is chosen, what is said of it, and how exact it is."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
import torch

from elman.cells import CELLS, LSTM, map_state, state_tensors
from elman.errors import SettingError
from elman.kernels import core
from elman.kernels.scan import scan

SETS = core.sets()[:-1]


def told(wanted):
    """`elman info` in a process of its own, where ELMAN_NATIVE is what is wanted."""
    environment = {name: value for name, value in os.environ.items() if name != core.VARIABLE}
    if wanted is not None:
        environment[core.VARIABLE] = wanted
    command = [sys.executable, "-m", "elman", "info", "--json"]
    return subprocess.run(command, env=environment, capture_output=True, text=True)


@pytest.fixture
def anew(monkeypatch):
    """As if nothing had been chosen yet."""
    before = core.name()
    monkeypatch.setattr(core._Choice, "name", None)
    yield monkeypatch
    monkeypatch.undo()
    core.use(before)


@pytest.mark.skipif(
    shutil.which("c++") is None
    or not Path(sysconfig.get_path("include"), "Python.h").exists()
    or sys.platform == "win32",
    reason="there is nothing to build it with",
)
def test_it_was_built():
    """Without it everything works, so that nothing else would tell."""
    assert SETS


def test_portable_is_the_last_resort_before_none():
    assert core.sets()[-2:] == ("portable", "off") or core.sets() == ("off",)


@pytest.mark.parametrize(("wanted", "said"), [("off", "off (ELMAN_NATIVE=off)"), (None, None)])
def test_the_environment_chooses(wanted, said):
    done = told(wanted)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["native_core"] == (said or core.state())


@pytest.mark.parametrize("wanted", core.sets())
def test_each_that_is_there_may_be_chosen(wanted, anew):
    anew.setenv(core.VARIABLE, wanted)
    assert core.name() == wanted
    assert (core.module() is None) == (wanted == "off")
    if wanted != "off":
        assert core.module().used() == wanted


def test_an_empty_choice_is_none(anew):
    anew.setenv(core.VARIABLE, "")
    assert core.name() == core.sets()[0]


def test_what_is_not_there_is_refused_in_one_line():
    done = told("sse9")
    found = ", ".join(core.sets())
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == (
        "elman: ELMAN_NATIVE: 'sse9' is not supported by this machine or build; choose from "
        f"{found}\n"
    )


def test_using_puts_back_what_was_chosen():
    before = core.name()
    for wanted in core.sets():
        with core.using(wanted):
            assert core.name() == wanted
            with pytest.raises(ZeroDivisionError), core.using("off"):
                raise ZeroDivisionError
            assert core.name() == wanted
        assert core.name() == before


def test_using_what_is_not_there_changes_nothing():
    before = core.name()
    with pytest.raises(SettingError, match="'sse9'"), core.using("sse9"):
        pass
    assert core.name() == before


def test_the_state_is_the_name_and_for_off_the_reason():
    for wanted in SETS:
        with core.using(wanted):
            assert core.state() == wanted
    with core.using("off"):
        assert core.state() == "off (ELMAN_NATIVE=off)"


def test_without_it_torch_does_the_work(anew):
    anew.setattr(core, "_loaded", lambda: (None, "not built"))
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
    """An LSTM of one unit whose c, after one token, is that gate's function of the token."""
    cell = LSTM(1, 1)
    with torch.no_grad():
        for part in cell.parameters():
            part.zero_()
        # i opened or read, f shut (there is no c before), g read or at one.
        weight, bias = {"tanh": (2, 0), "sigmoid": (0, 2)}[gate]
        cell.i2h.weight[weight] = 1
        cell.i2h.bias[bias] = 100
        xs = torch.stack([values, values], 1)[..., None]  # a second token is not looked at
        ones = torch.ones(len(xs), dtype=torch.int64)
        return scan(cell, xs, lengths=ones, kernel="native")[1].c[:, 0]


@pytest.mark.parametrize("instructions", SETS)
def test_the_gates_are_exact_to_the_last_bits(instructions):
    """Relative to what they are, however small they are, but for what is below 1e-38."""
    with core.using(instructions):
        sigmoid, tanh = (through_a_gate(name, VALUES).double() for name in ("sigmoid", "tanh"))
    for found, function in ((sigmoid, torch.sigmoid), (tanh, torch.tanh)):
        torch.testing.assert_close(found, function(VALUES.double()), rtol=2e-7, atol=1e-38)
    assert torch.cat([sigmoid, tanh.abs()]).max() == pytest.approx(1, abs=1.2e-7)


NAN, INFINITY = float("nan"), float("inf")


@pytest.mark.parametrize("instructions", SETS)
@pytest.mark.parametrize("name", ["elman", "elman-relu", "gru", "lstm", "mingru"])
def test_what_is_no_number_stays_none_and_in_its_row(name, instructions):
    """Each row is as float64 has it; minGRU, whose candidate may be of any size, short of that."""
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
        found = scan(cell.float(), xs, state, kernel="native")
    for a, b in zip(state_tensors(found), state_tensors(expected), strict=True):
        torch.testing.assert_close(a, b.float(), rtol=1e-6, atol=1e-6, equal_nan=True)
    assert found[0][0].isnan().all()
    assert found[0][1].isfinite().all()
