"""A run killed again and again ends bitwise equal to an uninterrupted one."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import elman
from elman.bundle import open_bundle

DRIVER = Path(__file__).with_name("kill_driver.py")


def tensors_of(path: Path) -> bytes:
    """The bytes after the header."""
    whole = path.read_bytes()
    return whole[8 + int.from_bytes(whole[:8], "little") :]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_ten_kills_do_not_change_the_model(tmp_path: Path) -> None:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, DRIVER, tmp_path, "4"], capture_output=True, text=True, env=environment
    )
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / "report.json").read_text())
    (plain,), (*killed, end) = report["plain"], report["killed"]
    details = json.dumps(report, indent=1) + done.stderr
    assert (plain["status"], end["status"]) == (0, 0), details

    # Every kind of kill happened, during the training.
    assert [attempt["status"] for attempt in killed] == [-signal.SIGKILL] * 10, details
    begun = [attempt for attempt in killed if attempt["first"] is not None]
    assert len(begun) >= 9, details
    in_a_write = [len(attempt["in a write"]) for attempt in killed]
    assert in_a_write[-1] >= 2, details
    # Every attempt resumed at a multiple of 50 steps, not before the previous one.
    starts = [attempt["first"] - 1 for attempt in [*begun, end]]
    assert all(start % 50 == 0 for start in starts), details
    assert starts == sorted(starts), details
    assert starts[-1] >= 50, details

    models = tmp_path / "plain" / "model", tmp_path / "killed" / "model"
    one, other = (open_bundle(path) for path in models)
    assert one.layout == other.layout
    assert tensors_of(models[0]) == tensors_of(models[1])
    for about in (one.about, other.about):
        assert about["training"].pop("seconds") > 0
    assert one.about == other.about
    assert isinstance(elman.load(models[1]), elman.LanguageModel)
    assert not (tmp_path / "killed" / "checkpoint").exists()
