"""A text larger than the memory that is used on it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

STATUS = Path("/proc/self/status")

_PREPARE = """
import re, sys
from pathlib import Path
from elman.data.cache import Cache
from elman.data.corpus import Corpus
from elman.text.files import TextSource
from elman.text.tokenizers.characters import Characters

corpus = Corpus.prepare(TextSource([sys.argv[1]]), Characters, cache=Cache(Path(sys.argv[2])))
train, held_out = corpus.split()
assert train.characters + held_out.characters == corpus.characters == int(sys.argv[3])
# The pages of the mapped file count as well: only a million tokens of it have been touched.
# Not getrusage: its peak is at least that of the process this one was forked from.
status = Path("/proc/self/status").read_text()
print(1024 * int(re.search(r"VmHWM:\\s+(\\d+) kB", status)[1]))
"""


@pytest.mark.skipif(not STATUS.exists(), reason="peaks are read from /proc")
@pytest.mark.parametrize("has_lines", [True, False])
def test_a_hundred_megabytes_take_far_less_memory(tmp_path: Path, has_lines: bool) -> None:
    line = "A line of a text that goes on and on" + ("\n" if has_lines else "... ")
    block = line * (1_000_000 // len(line))
    with (tmp_path / "long.txt").open("w") as file:
        for _ in range(100):
            file.write(block)
    done = subprocess.run(
        [sys.executable, "-c", _PREPARE, tmp_path / "long.txt", tmp_path, str(100 * len(block))],
        check=True,
        capture_output=True,
        text=True,
    )
    assert int(done.stdout) < 150e6
