"""The configuration of a small forecaster."""

from __future__ import annotations

import dataclasses

from elman.nn.config import ForecasterConfig

SMALL = ForecasterConfig(
    season=4,
    horizon=6,
    context_length=12,
    steps=8,
    logarithm=False,
    networks=2,
    cell="lstm",
    hidden_size=8,
    layers=1,
    dropout=0.0,
)


def small_forecaster(**changes) -> ForecasterConfig:
    return dataclasses.replace(SMALL, **changes)
