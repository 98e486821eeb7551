"""--threads: every command that computes has it, and torch computes with as many."""

from __future__ import annotations

import os

import pytest
import torch
import typer

from elman.cli import app
from elman.kernels.threads import VARIABLES

COMPUTE = {
    *("train", "test", "predict", "score", "generate"),
    *("suggest", "explain", "type", "export", "demo"),
}


@pytest.fixture(autouse=True)
def as_before(monkeypatch):
    for name in VARIABLES:
        monkeypatch.setenv(name, os.environ.get(name, "1"))
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


@pytest.mark.parametrize("count", [1, 3])
def test_torch_computes_with_as_many(elman, here, count):  # noqa: ARG001
    result = elman("generate", "character.st", "the c", "--length", "3", "--threads", str(count))
    assert result.status == 0
    assert torch.get_num_threads() == count
    assert os.environ["OMP_NUM_THREADS"] == str(count)


@pytest.mark.parametrize("count", ["0", "-1", "5000"])
def test_a_number_out_of_range_is_refused(elman, here, count):  # noqa: ARG001
    result = elman("generate", "character.st", "the c", "--threads", count)
    assert result.status == 1
    assert result.err.startswith(f"elman: --threads: {count} is out of range.")
    assert result.err.count("\n") == 1


def test_commands_that_compute_have_it():
    commands = typer.main.get_command(app).commands
    having = {
        name
        for name, command in commands.items()
        if any("--threads" in each.opts for each in command.params)
    }
    assert having == COMPUTE
