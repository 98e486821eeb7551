"""Yearly sunspot numbers; statsmodels bundles them."""

from __future__ import annotations

from typing import NamedTuple

from elman.examples.extra import extra


class Sunspots(NamedTuple):
    """Successive years, and the mean number of sunspots of each."""

    years: list[int]
    values: list[float]


def sunspots() -> Sunspots:
    """The mean sunspot number of each year from 1700 to 2008.

    Raises:
        InputError: statsmodels is not installed.
    """
    table = extra("statsmodels.datasets.sunspots").load().data
    return Sunspots([int(year) for year in table["YEAR"]], table["SUNACTIVITY"].tolist())
