"""The forecaster over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
from pydantic import Field
from typing_extensions import TypedDict

from elman.errors import InputError
from elman.server.operations.operation import (
    ModelOperations,
    Operation,
    answer_each,
    explain_operation,
    number_rows,
)
from elman.server.operations.schemas import ApiRequest, ExplainRequest, History
from elman.tasks.forecasting.model import Forecaster


class ForecastRequest(ApiRequest):
    """A history, one row of numbers per step; by default the end of the training series."""

    horizon: Annotated[int, Field(ge=1)] | None = None
    history: History | None = None


class ForecastResponse(TypedDict):
    """A row per step, a column per series: medians and the bounds of 80 % and 95 % intervals.
    Series that end at different dates have a list each in `own_dates`, and no `dates`."""

    names: list[str]
    dates: list[str]
    own_dates: list[list[str]]
    median: list[list[float]]
    low_80: list[list[float]]
    high_80: list[list[float]]
    low_95: list[list[float]]
    high_95: list[list[float]]


def forecast(
    model: Forecaster, requests: Sequence[ForecastRequest]
) -> list[ForecastResponse | Exception]:
    def one(request: ForecastRequest) -> ForecastResponse:
        history = None if request.history is None else number_rows(request.history, "history")
        with np.errstate(all="ignore"):
            found = model.predict(request.horizon, history)
        tables = (found.median, found.low_80, found.high_80, found.low_95, found.high_95)
        if not all(np.isfinite(table).all() for table in tables):
            raise InputError(
                "the numbers are too large to forecast", location="history", hint="Scale them."
            )
        median, low_80, high_80, low_95, high_95 = (table.tolist() for table in tables)
        return {
            "names": list(found.names),
            "dates": [] if found.own_dates else list(found.dates),
            "own_dates": [list(each) for each in found.own_dates],
            "median": median,
            "low_80": low_80,
            "high_80": high_80,
            "low_95": low_95,
            "high_95": high_95,
        }

    return answer_each(one, requests)


def _explain_history(model: Forecaster, request: ExplainRequest) -> Any:
    history = None if request.history is None else number_rows(request.history, "history")
    with np.errstate(all="ignore"):
        return model.explain(history, series=request.series)


OPERATIONS = ModelOperations(
    (
        Operation(
            "forecast",
            "Forecast the next values, one row per step, with 80 % and 95 % intervals.",
            ForecastRequest,
            ForecastResponse,
            forecast,
        ),
        explain_operation("history", _explain_history, "series"),
    )
)
