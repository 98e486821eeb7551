"""Digits and sunspots, as their packages bundle them."""

from __future__ import annotations

import sys
from collections import Counter
from itertools import chain

import numpy as np
import pytest
from sklearn.datasets import load_digits

from elman.errors import InputError
from elman.examples import digits, sunspots


def test_every_digit_is_in_one_set_with_its_name() -> None:
    split = digits()
    bundled = load_digits()
    names = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    called = {
        tuple(image): names[target]
        for image, target in zip(bundled.data, bundled.target, strict=True)
    }
    result = {tuple(digit.vector.tolist()): digit.name for digit in chain(*split)}
    assert result == called
    assert sum(map(len, split)) == len(bundled.data) == len(result)
    assert [len(part) / 1797 for part in split] == pytest.approx([0.8, 0.1, 0.1], abs=0.02)
    for part in split:
        assert set(Counter(digit.name for digit in part)) == set(names)
    vectors = np.stack([digit.vector for digit in split.train])
    assert vectors.dtype == np.float32
    assert vectors.shape[1] == 64


def test_sunspots() -> None:
    years, values = sunspots()
    assert years == list(range(1700, 2009))
    assert len(values) == len(years)
    known = dict(zip(years, values, strict=True))
    assert (known[1700], known[1957], known[2008]) == (5.0, 190.2, 2.9)  # the highest of them
    assert max(known, key=known.__getitem__) == 1957


def test_without_statsmodels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "statsmodels.datasets.sunspots", None)
    with pytest.raises(InputError, match=r"^the package statsmodels is not installed. Try: pip"):
        sunspots()
