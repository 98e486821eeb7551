"""The command answers at once, and what it does not need is not imported."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time

import pytest

HEAVY = {"torch", "numpy", "safetensors", "tokenizers", "sklearn"}
SLACK = 3  # times as long on a machine that has other work

STARTS = {
    "import elman": ("import elman", 0.1),
    "elman --help": ("from elman.cli import main\nmain(['--help'])", 0.3),
    "elman train --help": ("from elman.cli import main\nmain(['train', '--help'])", 0.3),
    "elman --version": ("from elman.cli import main\nmain(['--version'])", 0.3),
}


def started(code):
    prelude = (
        "import atexit, json, sys\natexit.register(lambda: print(json.dumps([*sys.modules])))\n"
    )
    process = subprocess.run(
        [sys.executable, "-c", prelude + code], capture_output=True, check=True
    )
    return json.loads(process.stdout.splitlines()[-1])


def seconds(code):
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    return time.perf_counter() - begun


@pytest.mark.parametrize("what", STARTS)
def test_nothing_heavy_is_imported(what):
    assert not HEAVY.intersection(started(STARTS[what][0]))


@pytest.mark.parametrize("what", ["import elman", "elman --help"])
def test_it_is_there_at_once(what):
    code, most = STARTS[what]
    # An interpreter takes its time too; the median, for a machine that does other things.
    alone = statistics.median(seconds("pass") for _ in range(5))
    whole = statistics.median(seconds(code) for _ in range(5))
    assert whole - alone < most * SLACK
