"""The tensors of a forecaster, and checks of its file.

Shapes: R context length, S series.
"""

from __future__ import annotations

from datetime import datetime

import torch
from torch import nn

from elman.errors import ModelFileError
from elman.nn.forecaster import ForecasterConfig, ForecastNetwork, LinearForecast
from elman.text.dates import Calendar

MAX_SERIES = 100_000


class ForecasterTensors(nn.Module):
    """The tensors of a model file.

    Attributes:
        network: the forecaster, with its counts.
        last: (R, S) float64, the last training values, the default history.
        scale: (S,) float64, the seasonal naive error of each series.
        widths: (2,) float64, the factors of the 80 % and the 95 % interval.
    """

    def __init__(
        self, config: ForecasterConfig, series: int, counts: LinearForecast | None
    ) -> None:
        super().__init__()
        self.network = ForecastNetwork(config)
        self.network.counts = counts
        self.last = _numbers(self.network.history_length, series)
        self.scale = _numbers(series)
        self.widths = _numbers(2)


def _numbers(*shape: int) -> nn.Parameter:
    return nn.Parameter(torch.empty(*shape, dtype=torch.float64), requires_grad=False)


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
