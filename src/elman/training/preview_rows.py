"""Which examples a preview shows, and how much of each."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

PREVIEWED = 6  # held-out examples
MAX_LENGTH = 400  # characters displayed of a text; the network gets all of it
PAST = 60  # values displayed before a forecast


def spread_indices(count: int, limit: int = PREVIEWED) -> npt.NDArray[np.int64]:
    """At most `limit` indices below `count`, evenly spaced."""
    return np.unique(np.linspace(0, count - 1, min(count, limit)).round().astype(np.int64))


def shortened(text: str) -> str:
    """The first MAX_LENGTH characters, with an ellipsis where more follow."""
    return text if len(text) <= MAX_LENGTH else f"{text[: MAX_LENGTH - 2]} …"
