"""bench/limited.py: a case that ends its process, or never ends, is printed and hides no other."""

from __future__ import annotations

import argparse
import os
import random

import pytest
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import ones

import fuzz_inputs
import fuzz_models
import limited
from elman.errors import InputError


def outcome_of(case):
    if case == "ends":
        os._exit(3)
    while case == "hangs":
        pass
    if case == "raises":
        raise ValueError(case)
    if case == "takes all memory":
        return str(len(bytearray(2 * limited.MEMORY)))
    return "good"


def test_each_failure_is_printed_with_its_case(monkeypatch, capsys):
    monkeypatch.setattr(limited, "SECONDS", 2)
    cases = ["first", "ends", "raises", "hangs", "takes all memory", "last"]
    options = argparse.Namespace(only=None, workers=1)
    with pytest.raises(SystemExit) as end:
        limited.run_all(cases, outcome_of, {"good"}, options)
    assert end.value.code == 1
    *failed, figures = capsys.readouterr().out.splitlines()
    causes = dict(line.split(": ", 1) for line in failed)
    assert list(causes) == ["ends", "raises", "hangs", "takes all memory"]
    assert causes["ends"] == "the process ended with status 3"
    assert causes["raises"].startswith("ValueError: 'raises' at ")
    assert causes["hangs"].startswith("TimeoutError: 'it took more than 2 s'")
    assert causes["takes all memory"].startswith("MemoryError")
    assert figures.startswith("6 cases in ")
    assert figures.endswith(": 4 failed, 2 good")


def test_an_error_of_two_lines_is_a_failure():
    assert limited.refused(InputError("a cause"), "refused") == "refused"
    error = InputError("a cause")
    error.args = ("two\nlines",)
    assert limited.refused(error, "refused") == "more than a line: two\nlines"


@pytest.mark.parametrize("number", range(40))
def test_damage_follows_from_the_seed(number):
    content = b"text,label\n" + b"so warm,good\nso cold,bad\n" * 9
    first, again = (fuzz_inputs.damaged(content, "a.csv", random.Random(number)) for _ in "ab")
    assert first == again


def test_most_cases_are_damaged():
    content = b"text,label\n" + b"so warm,good\nso cold,bad\n" * 9
    found = [fuzz_inputs.damaged(content, "a.csv", random.Random(each)) for each in range(200)]
    assert sum(each != content for each in found) > 180
    assert len(set(found)) > 150


def test_a_damaged_model_file_differs():
    sound = save({"a": ones(9)}, {"elman": '{"a": 1}'})
    kinds = set()
    for number in range(60):
        damaged = fuzz_models.damaged(sound, random.Random(number))
        try:
            kinds.add(bool((load(damaged)["a"] == 1).all()))
        except (SafetensorError, KeyError, TypeError):
            kinds.add("refused")
    assert kinds >= {False, "refused"}
