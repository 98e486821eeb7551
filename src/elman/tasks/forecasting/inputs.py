"""Convert the inputs of a forecaster to series.

Shapes: T steps, S series.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from elman.errors import EmptyTextError, InputError
from elman.text.files import TextSource
from elman.text.series import Series, SeriesSource

SeriesInput = (
    str
    | os.PathLike[str]
    | SeriesSource
    | Series
    | npt.NDArray[Any]
    | Sequence[float]
    | Sequence[Sequence[float]]
)
"""A CSV file, by its path or as a source; series; or an array or list, (T,) or (T, S)."""

_HINT = "Give a CSV file, or an array of numbers: (steps,) or (steps, series)"


def read_series(given: SeriesInput) -> Series:
    """Read or convert series.

    Raises:
        InputError: they cannot be read, or contain a value that is not a finite number.
    """
    if isinstance(given, Series):
        return given
    if isinstance(given, str | os.PathLike):
        given = SeriesSource(TextSource([Path(given)]))
    if isinstance(given, SeriesSource):
        return given.read()
    location = "the numbers given"
    try:
        values = np.array(given, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError("these are not numbers", location=location, hint=_HINT) from error
    if values.ndim not in (1, 2) or 0 in values.shape[1:]:
        raise InputError(f"numbers of shape {values.shape}", location=location, hint=_HINT)
    if not len(values):
        raise EmptyTextError("there are none", location=location, hint=_HINT)
    values = values.reshape(len(values), -1)
    bad = np.argwhere(~np.isfinite(values))
    if len(bad):
        step, series = bad[0]
        raise InputError(
            f"{values[step, series]} at step {step} of series {series + 1} is not a finite number",
            location=location,
            hint="Impute or leave out what is missing",
        )
    return Series(tuple(str(number + 1) for number in range(values.shape[1])), values)
