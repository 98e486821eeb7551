"""A forecaster as a file, and back: what is in it, and what must hold before it is believed.

Shapes: R values read, S series.
"""

from __future__ import annotations

import dataclasses
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from elman.bundle import Bundle
from elman.errors import ModelFileError, SettingError
from elman.nn.forecaster import ForecasterConfig, ForecastNetwork
from elman.tasks.forecasting.config import ForecasterTrainingConfig, checked_forecasting
from elman.tasks.weights import load_network, record_of
from elman.text.dates import Calendar

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


class ForecasterFile(NamedTuple):
    """All that a forecaster's file holds."""

    settings: ForecasterTrainingConfig
    kept: ForecasterTensors
    names: tuple[str, ...]
    calendar: Calendar | None
    record: dict[str, Any]


def contents(
    network: ForecastNetwork,
    names: tuple[str, ...],
    calendar: Calendar | None,
    record: dict[str, Any],
) -> dict[str, Any]:
    """The plain data of a file, besides the settings that every model has."""
    return {
        "forecasting": dataclasses.asdict(network.config),
        "names": list(names),
        "calendar": None if calendar is None else calendar.to_json(),
        "training": record,
    }


def tensors(network: ForecastNetwork, **kept: Any) -> dict[str, Tensor]:
    """The tensors of a file: those of `ForecasterTensors`, by name."""
    weights = {f"network.{name}": weight for name, weight in network.named_parameters()}
    return weights | {
        name: torch.tensor(value, dtype=torch.float64) for name, value in kept.items()
    }


def opened(bundle: Bundle) -> ForecasterFile:
    """What a file holds.

    Raises:
        ModelFileError: where anything in it is not as `contents` and the network have it.
    """
    about = bundle.about
    try:
        settings = ForecasterTrainingConfig.from_json(about.get("settings"))
        told = checked_forecasting(about.get("forecasting"))
        names = _checked_names(about.get("names"))
        calendar = about.get("calendar")
        dates = None if calendar is None else Calendar.from_json(calendar)
        if settings.cell != told.cell:
            raise ModelFileError("its settings are not those of its network")
    except (ModelFileError, SettingError) as error:
        bundle.refuse(str(error))
    record = record_of(bundle)
    kept = load_network(bundle, lambda: ForecasterTensors(told, len(names)))
    for name in ("last", "scale", "widths"):
        if not bool(getattr(kept, name).isfinite().all()):
            bundle.refuse(f"its tensor {name!r} holds what is not a number")
    return ForecasterFile(settings, kept, names, dates, record)


def _numbers(*shape: int) -> nn.Parameter:
    return nn.Parameter(torch.empty(*shape, dtype=torch.float64), requires_grad=False)


def _checked_names(value: object) -> tuple[str, ...]:
    if (
        not isinstance(value, list)
        or not 1 <= len(value) <= MAX_SERIES
        or not all(isinstance(name, str) for name in value)
    ):
        raise ModelFileError("the names of its series are malformed")
    return tuple(value)
