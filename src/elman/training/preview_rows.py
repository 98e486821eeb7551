"""What each model shows of its training: a few held-out questions answered, and a baseline.

Shapes: N examples, K classes, V vocabulary, M origins, H the horizon, Q levels.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

SHOWN = 6  # held-out examples
LONGEST = 400  # characters of one that are shown; the network reads it all
PAST = 60  # values that are shown before a forecast


def spread_indices(count: int, shown: int = SHOWN) -> npt.NDArray[np.int64]:
    """Some of `count` places, evenly spread."""
    return np.unique(np.linspace(0, count - 1, min(count, shown)).round().astype(np.int64))


def shortened(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 2]} …"
