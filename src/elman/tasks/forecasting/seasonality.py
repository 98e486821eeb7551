"""What a series tells of itself before a network reads it: its season, and how its swings grow.

Shapes: T steps, S series.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from elman.text.dates import WEEKDAYS, DateStep

Values = npt.NDArray[np.float64]

LONGEST_SEASON = 400
_SEASONS_NEEDED = 4  # in the series, of the season that is taken
_SURE = 0.3  # the least autocorrelation that is called a season
_AS_GOOD = 0.05  # below the best: the shortest season that is as good is taken
_GROWTH = 1.5  # of the largest season's mean over the smallest, for logarithms
_PROPORTIONAL = 0.5  # the slope of log swing over log mean, halfway between additive and not

_BY_STEP = {
    "yearly": (1,),
    "quarterly": (4,),
    "monthly": (12,),
    "weekly": (52,),
    "daily": (7, 365),
    WEEKDAYS: (5,),
    "hourly": (24, 168),
    "half-hourly": (48, 336),
}

_PAIRS = ((7, 365), (24, 168), (48, 336))  # a week and a year, a day and a week


def companion(season: int) -> int | None:
    """The other season that often goes with one, a day with a week or a week with a year."""
    others = {**dict(_PAIRS), **{longer: shorter for shorter, longer in _PAIRS}}
    return others.get(season)


def season_of(values: Values, step: DateStep | None) -> int:
    """After how many steps the values are alike.

    The dates' step says which seasons there may be. Of two it is the one after which the values
    are more alike than after half of it. Without dates it is the lag of the highest peak of the
    autocorrelation of the changes from step to step, which have no trend (G. Box, G. Jenkins,
    'Time Series Analysis', 1970, chapter 2).

    Args:
        values: (T, S).

    Returns:
        1 where there is none.
    """
    longest = min(LONGEST_SEASON, len(values) // _SEASONS_NEEDED)
    if step is not None and step.name in _BY_STEP:
        may_be = [lag for lag in _BY_STEP[step.name] if lag <= longest]
        if len(may_be) < 2:
            return may_be[0] if may_be else 1
        alike = autocorrelation(values, longest)
        contrast = [alike[lag] - alike[lag // 2] for lag in may_be]
        return next(
            lag
            for lag, each in zip(may_be, contrast, strict=True)
            if each > max(contrast) - _AS_GOOD
        )
    if longest < 3:
        return 1
    alike = autocorrelation(np.diff(values, axis=0), longest)
    inner = np.arange(2, longest)
    peaks = inner[(alike[inner] > alike[inner - 1]) & (alike[inner] >= alike[inner + 1])]
    if not len(peaks):
        return 1
    best = int(peaks[alike[peaks] > alike[peaks].max() - _AS_GOOD][0])
    return best if alike[best] > _SURE else 1


def autocorrelation(values: Values, longest: int) -> Values:
    """(longest + 1,) at lags from 0 on, each divided by the number of its terms; the mean of the
    series'."""
    values = values - values.mean(0)
    size = 2 ** int(np.ceil(np.log2(2 * len(values))))
    power = np.abs(np.fft.rfft(values, size, axis=0)) ** 2
    products = np.fft.irfft(power, size, axis=0)[: longest + 1]
    terms = (len(values) - np.arange(longest + 1))[:, None]
    found: Values = (products / terms / np.maximum(values.var(0), np.finfo(float).tiny)).mean(1)
    return found


def grows_with_level(values: Values, season: int) -> bool:
    """Whether the swing of a season grows in proportion to its mean, so that logarithms are to be
    forecast: the spread-versus-level plot of J. Tukey, 'Exploratory Data Analysis' (1977)."""
    if season < 2 or len(values) < 3 * season or float(values.min()) <= 0:
        return False
    whole: npt.NDArray[Any] = values[len(values) % season :].reshape(-1, season, values.shape[1])
    line = np.linspace(-1, 1, season)[None, :, None]
    slopes = (whole * line).sum(1, keepdims=True) / (line**2).sum()
    # What a steep trend adds within a season is not a swing.
    means, swings = whole.mean(1), (whole - slopes * line).std(1)
    if float((means.max(0) / means.min(0)).min()) < _GROWTH or float(swings.min()) <= 0:
        return False
    x, y = np.log(means) - np.log(means).mean(0), np.log(swings) - np.log(swings).mean(0)
    return float(((x * y).sum(0) / (x * x).sum(0)).mean()) > _PROPORTIONAL
