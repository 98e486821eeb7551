"""The answer of a forecaster.

Shapes: S series, H horizon.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]


class Forecast(NamedTuple):
    """A forecast.

    Attributes:
        names: (S,) of the series.
        dates: (H,) in the format of the series, those after the last of all; empty if it has no
            dates.
        median: (H, S).
        low_80, high_80: (H, S) bounds of the 80 % interval.
        low_95, high_95: (H, S) bounds of the 95 % interval.
        own_dates: (S, H) of each series; empty if all end together.
    """

    names: tuple[str, ...]
    dates: tuple[str, ...]
    median: Values
    low_80: Values
    high_80: Values
    low_95: Values
    high_95: Values
    own_dates: tuple[tuple[str, ...], ...] = ()

    def dates_of(self, index: int) -> tuple[str, ...]:
        """(H,) the dates of one series; empty if it has none."""
        return self.own_dates[index] if self.own_dates else self.dates
