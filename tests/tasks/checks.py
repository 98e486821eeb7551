"""What the tests of several tasks check in the same way."""

from __future__ import annotations

import numpy as np
import pytest

OUT_OF_RANGE = [
    ("tokenizer", "letter"),
    ("cell", "transformer"),
    ("hidden_size", 0),
    ("layers", 0),
    ("dropout", 1),
    ("minutes", 0),
    ("steps", 0),
    ("seed", -1),
]


def assert_intervals(intervals, differences, tolerance):
    """Each interval holds 95% of the differences on redrawn data: both ends, within a share of
    its width."""
    assert set(intervals) == set(differences)
    for name, redrawn in differences.items():
        low, high = np.quantile(redrawn, [0.025, 0.975])
        assert intervals[name] == pytest.approx([low, high], abs=tolerance * (high - low))
