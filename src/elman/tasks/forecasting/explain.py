"""The trace of a forecast: the last values read one by one, then the steps ahead.

Shapes: R values of the history, C of them step by step, H the horizon, B rows, F inputs of a step.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy.typing as npt
import torch
from torch import Tensor

from elman.explain.activations import layers_of, record_activations
from elman.explain.attribution import AttributionInput, AttributionQuery, unmodified
from elman.explain.summary import model_summary
from elman.explain.trace import Quantile, SequenceTrace, StepOutput, Trace
from elman.nn.forecaster import LEVELS, MEDIAN, ForecastNetwork
from elman.training.eval_mode import eval_mode


def explain_forecast(
    network: ForecastNetwork, history: npt.NDArray[Any], quantiles: npt.NDArray[Any]
) -> Trace:
    """What is forecast from the values (R,).

    Args:
        quantiles: (H, Q), what was forecast.
    """
    told = network.config
    values = torch.as_tensor(history)[:, None]
    # A season before, which is what is forecast without knowing more; of the first one, after.
    season = told.season
    usual = torch.cat([values[season : 2 * season], values[:-season]])
    member: Any = network.members[0]
    watched = record_activations([member.stack])

    def medians(xs: Sequence[Tensor]) -> Tensor:
        median: Tensor = network(xs[0][:, :, 0].t())[..., MEDIAN]
        return median.t()[..., None]

    def read(x: Tensor) -> object:
        return member.stack(x.transpose(0, 1), member.stack.initial_state(x.shape[1]))

    question = AttributionQuery(
        (AttributionInput(values, usual),), medians, unmodified, told.networks * told.hidden_size
    )
    shown = [f"{value:g}" for value in history.tolist()]
    ahead = [f"+{step}" for step in range(1, told.horizon + 1)]
    with eval_mode(network):
        with torch.inference_mode():
            x = member.into(network.scaled(values.t()).steps)[0]
        rests = question.rests(range(told.horizon), [0] * told.horizon)
        return Trace(
            "forecast",
            model_summary(
                network, told.blocks, watched, ("number", "number"), members=told.networks
            ),
            (
                SequenceTrace("history", tuple(shown), ()),
                SequenceTrace(
                    "steps", (*shown[-told.steps :], *ahead), layers_of(read, watched, x)
                ),
            ),
            tuple(
                StepOutput(1, told.steps + step, (), None, its, _quantiles(said.tolist()))
                for step, (said, its) in enumerate(zip(quantiles, rests, strict=True))
            ),
        )


def _quantiles(values: list[float]) -> tuple[Quantile, ...]:
    return tuple(map(Quantile, LEVELS, values))
