"""The trace of a forecast: the last values of the history step by step, then the horizon.

Shapes: R values of the history, T steps, H horizon, Q quantiles, B rows. Time comes first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy.typing as npt
import torch
from torch import Tensor

from elman.explain.activations import record_layers, stack_layers
from elman.explain.attribution import AttributionInput, AttributionQuery, identity
from elman.explain.summary import model_summary
from elman.explain.trace import CountsPart, Quantile, SequenceTrace, StepOutput, Trace
from elman.nn.config import LEVELS, MEDIAN
from elman.nn.forecaster import ForecastNetwork
from elman.training.eval_mode import eval_mode


def explain_forecast(
    network: ForecastNetwork, history: npt.NDArray[Any], quantiles: npt.NDArray[Any]
) -> Trace:
    """The trace of a forecast.

    Args:
        network: the forecaster.
        history: (R,) values, as many as the network and its counts need.
        quantiles: (H, Q) forecast.
    """
    config = network.config
    whole = torch.as_tensor(history)[:, None]
    values = whole[-config.context_length :]
    # The seasonal naive forecast: the value one season earlier, or later in the first season.
    season = config.season
    references = torch.cat([values[season : 2 * season], values[:-season]])
    member: Any = network.members[0]
    recorded = stack_layers([member.stack])

    def medians(xs: Sequence[Tensor]) -> Tensor:
        median: Tensor = network.by_network(xs[0][:, :, 0].t())[..., MEDIAN]
        return median.t()[..., None]

    def read(x: Tensor) -> object:
        return member.stack(x.transpose(0, 1), member.stack.initial_state(x.shape[1]))

    query = AttributionQuery(
        (AttributionInput(values, references),),
        medians,
        identity,
        config.networks * config.hidden_size,
    )
    shown = [f"{value:g}" for value in values[:, 0].tolist()]
    horizon = [f"+{step}" for step in range(1, config.horizon + 1)]
    with eval_mode(network):
        with torch.inference_mode():
            x = member.into(network.scaled(values.t()).steps)[0]
            added = _added(network, whole.t(), quantiles)
        attributions = query.attributions(range(config.horizon), [0] * config.horizon)
        return Trace(
            "forecast",
            model_summary(
                network,
                config.blocks,
                recorded,
                ("number", "number"),
                ensemble_size=config.networks,
            ),
            (
                SequenceTrace("history", tuple(shown), ()),
                SequenceTrace(
                    "steps", (*shown[-config.steps :], *horizon), record_layers(read, recorded, x)
                ),
            ),
            tuple(
                StepOutput(
                    1, config.steps + step, (), None, each, _quantiles(row.tolist()), counts=part
                )
                for step, (row, each, part) in enumerate(
                    zip(quantiles, attributions, added, strict=True)
                )
            ),
        )


def _added(
    network: ForecastNetwork, history: Tensor, quantiles: npt.NDArray[Any]
) -> list[CountsPart | None]:
    """How far the counts move the network's median of each step (H,), in units of the series."""
    if network.counts is None:
        return [None] * len(quantiles)
    alone = network.by_network(history)[0, :, MEDIAN].numpy()
    return [CountsPart(each, ()) for each in (quantiles[:, MEDIAN] - alone).tolist()]


def _quantiles(values: list[float]) -> tuple[Quantile, ...]:
    return tuple(map(Quantile, LEVELS, values))
