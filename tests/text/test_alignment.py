"""Misaligned parallel files: the first misaligned line is found."""

from __future__ import annotations

import os
import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.errors import InputError
from elman.text.alignment import misalignment_start
from elman.text.files import TextSource
from elman.text.pairs import PairSource

DATA = Path(os.environ.get("ELMAN_DATA", Path(__file__).parents[2] / "../shared/data"))
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="ELMAN_DATA names no data")


def lengths_of_translations(rows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Lengths as texts and their translations have them."""
    draw = np.random.default_rng(seed)
    longer = np.exp(draw.normal(4, 0.4, rows))
    return longer.astype(int), (longer * np.exp(draw.normal(-0.1, 0.15, rows))).astype(int)


def cheapest_by_trying(longer: np.ndarray, shorter: np.ndarray, gap: float) -> set[int]:
    """The places where two files may part, by trying every way to place one gap or none, and the
    free end."""
    logs = np.log1p(longer), np.log1p(shorter)
    rows, missing = len(shorter), len(longer) - len(shorter)
    usual = np.median(logs[0][:rows] - logs[1])
    prices = [
        sum(
            abs(logs[0][row + (missing if row >= index else 0)] - logs[1][row] - usual)
            for row in range(rows)
        )
        + (gap if index < rows else 0)
        for index in range(rows + 1)
    ]
    return set(np.flatnonzero(np.isclose(prices, min(prices))).tolist())


@given(
    shorter=st.lists(st.integers(0, 200), min_size=1, max_size=12),
    longer=st.lists(st.integers(0, 200), min_size=13, max_size=13),
)
def test_one_missing_line_is_where_it_is_cheapest(shorter: list[int], longer: list[int]) -> None:
    arrays = np.array(longer[: len(shorter) + 1], dtype=np.int32), np.array(shorter, dtype=np.int32)
    assert misalignment_start(*arrays) in cheapest_by_trying(*arrays, gap=2.0)


@pytest.mark.parametrize("missing", [1, 2, 400])
def test_the_misaligned_line_is_found(missing: int) -> None:
    result = []
    for seed in range(10):
        longer, shorter = lengths_of_translations(2000, seed)
        start = random.Random(seed).randrange(100, 1500)
        cut = np.delete(shorter, range(start, start + missing))
        result.append(abs(misalignment_start(longer, cut) - start))
    assert np.median(result) <= 1
    assert max(result) <= 12


def test_the_first_of_several_gaps_is_named() -> None:
    longer, shorter = lengths_of_translations(3000, seed=1)
    cut = np.delete(shorter, [500, 1500, 2500])
    assert abs(misalignment_start(longer, cut) - 500) <= 3


def test_a_missing_end() -> None:
    longer, shorter = lengths_of_translations(500, seed=2)
    assert misalignment_start(longer, shorter[:-7]) == 493
    assert misalignment_start(longer, shorter[:0]) == 0


def message_for(sources: Path, targets: Path) -> str:
    with pytest.raises(InputError) as caught:
        list(PairSource(TextSource([sources, targets])).pairs())
    return str(caught.value)


@needs_data
@pytest.mark.parametrize(("deleted", "side"), [(100, "fr"), (531, "en"), (900, "fr")])
def test_a_line_deleted_from_real_files(deleted: int, side: str, tmp_path: Path) -> None:
    files = {each: tmp_path / f"val.{each}" for each in ("fr", "en")}
    for each, path in files.items():
        lines = (DATA / f"multi30k/val.{each}").read_text(encoding="utf-8").splitlines()
        if each == side:
            del lines[deleted - 1]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    other = files["en" if side == "fr" else "fr"]
    message = message_for(files["fr"], files["en"])
    assert message.startswith(f"{other}:")
    line = int(message.removeprefix(f"{other}:").split(":")[0])
    assert abs(line - deleted) <= 4
    assert f": 1,014 lines, but 1,013 lines in {files[side]}: the lengths of the lines" in message
    assert message.endswith(f"{files['en']} | sed -n '{line - 3},{line + 3}p'")


def test_messages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.fr").write_text("Oui.\nNon.\nMerci.\n\n\n")
    Path("a.en").write_text("Yes.\nNo.\n")
    assert message_for(Path("a.fr"), Path("a.en")) == (
        "a.fr:3: 3 lines, but 2 lines in a.en: its end seems to be missing. Fetch or make it again"
    )
    assert message_for(Path("a.en"), Path("a.fr")).startswith(
        "a.fr:3: 3 lines, but 2 lines in a.en: "
    )
    Path("a.fr").write_text("Oui.\nNon.\nMerci.\n")
    Path("a.en").write_text("Yes.\n\nNo.\nThanks.\n")
    assert ": 4 lines, but 3 lines in a.fr: " in message_for(Path("a.fr"), Path("a.en")), (
        "said before the blank line is"
    )
