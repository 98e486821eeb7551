"""A forecaster's tensors, and what must hold of its file before it is believed.

Shapes: R values read, S series.
"""

from __future__ import annotations

import torch
from torch import nn

from elman.errors import ModelFileError
from elman.nn.forecaster import ForecasterConfig, ForecastNetwork

MAX_SERIES = 100_000


class ForecasterTensors(nn.Module):
    """The tensors of a file: the network, and what a forecast needs besides.

    last: (R, S) float64, the last values that were learned from, to go on from.
    scale: (S,) float64, the seasonal naive error of each series.
    widths: (2,) float64, by how much the intervals are stretched.
    """

    def __init__(self, told: ForecasterConfig, series: int) -> None:
        super().__init__()
        self.network = ForecastNetwork(told)
        self.last = _numbers(told.context_length, series)
        self.scale = _numbers(series)
        self.widths = _numbers(2)

    def check_finite(self) -> None:
        """Whether all of what a forecast needs besides the network are numbers.

        Raises:
            ModelFileError: where one is not.
        """
        for name in ("last", "scale", "widths"):
            if not bool(getattr(self, name).isfinite().all()):
                raise ModelFileError(f"its tensor {name!r} holds what is not a number")


def _numbers(*shape: int) -> nn.Parameter:
    return nn.Parameter(torch.empty(*shape, dtype=torch.float64), requires_grad=False)


def checked_names(value: object) -> tuple[str, ...]:
    """The names of the series that a model file holds.

    Raises:
        ModelFileError: where they are none.
    """
    if (
        not isinstance(value, list)
        or not 1 <= len(value) <= MAX_SERIES
        or not all(isinstance(name, str) for name in value)
    ):
        raise ModelFileError("the names of its series are malformed")
    return tuple(value)
