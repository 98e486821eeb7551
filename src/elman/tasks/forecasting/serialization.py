"""Checks of the model file of a forecaster.

Shapes: R context length, S series.
"""

from __future__ import annotations

from datetime import datetime

import numpy as np

from elman.bundle import Layout
from elman.errors import ModelFileError
from elman.tasks.weights import prefixed
from elman.text.dates import Calendar

MAX_SERIES = 100_000

PREFIX = "network."
"""Of the names of the network's weights."""


def layout_beside(history: int, series: int) -> Layout:
    """The types and shapes of the arrays beside the weights: the last training values (R, S), which
    are the default history, the seasonal naive error of each series (S,), and the factors of the
    80 % and the 95 % interval (2,).

    Args:
        history: R, the values before the origin that a forecast uses.
        series: S.
    """
    shapes = {"last": (history, series), "scale": (series,), "widths": (2,)}
    return prefixed("", {name: (np.float64, shape) for name, shape in shapes.items()})


def checked_ends(value: object, calendar: Calendar | None, series: int) -> tuple[datetime, ...]:
    """Check the last dates of the series in a model file; empty where all end with the calendar.

    Raises:
        ModelFileError: there is not one for each series, not after the last of the calendar.
    """
    if value is None:
        return ()
    if not isinstance(value, list) or len(value) != series or calendar is None:
        raise ModelFileError("the ends of its series are malformed")
    try:
        ends = tuple(datetime.fromisoformat(each) for each in value)
        after = any(end > calendar.last for end in ends)
    except (TypeError, ValueError) as error:
        raise ModelFileError("the ends of its series are malformed") from error
    if after:
        raise ModelFileError("the ends of its series are malformed")
    return ends


def checked_names(value: object) -> tuple[str, ...]:
    """Check the names of the series in a model file.

    Raises:
        ModelFileError: they are not 1 to MAX_SERIES strings.
    """
    if (
        not isinstance(value, list)
        or not 1 <= len(value) <= MAX_SERIES
        or not all(isinstance(name, str) for name in value)
    ):
        raise ModelFileError("the names of its series are malformed")
    return tuple(value)
