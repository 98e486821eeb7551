"""Forecasts that are linear functions of the last values: exponential smoothing, autoregression.

Each is a matrix (H, R) from a window of R values to the H next ones, so a weighted mean of several
is one matrix as well. Both are averages over many settings, weighted by how well each forecast
values that it had not seen: with the few independent origins of a short series, the single best
setting is mostly the luckiest.

Shapes: T steps, S series, R values of a window, H horizon, B windows, P settings, L lags.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]

SMOOTHING = "exponential smoothing"
AUTOREGRESSION = "autoregression"
PARTS = (SMOOTHING, AUTOREGRESSION)

MOST_CELLS = 2**18
"""Of a matrix: a megabyte of a model file."""

_WINDOW = 240  # values, or ...
_SEASONS = 5  # ... seasons, whichever is longer, but ...
_SHARE = 0.65  # ... at most this fraction of the values
_FEWEST = 4  # origins to choose settings by
_ORIGINS = 48  # of a series that exponential smoothing is chosen by
_WINDOWS = 2000  # that an autoregression learns from
_LAGS = (12, 48)
_MOST_LAGS = 336
_PENALTIES = 10.0 ** np.arange(-5, 3)
_VALIDATED = 0.25  # of the steps, the last: choose among autoregressions
_HARMONICS = 3  # of a long season: a smooth profile, where its phases have few values each
_LONG_SEASON = 24
_TEMPERATURE = 0.05  # a loss so much above the best has 1 / e of its weight
_LEAST_WEIGHT = 1e-3  # of the largest weight; less is left out
_MOST_WORK = 10**8  # settings of exponential smoothing in its mean, times R squared
_CHUNK = 2**22  # numbers at once

_LEVEL_STEPS = (0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 0.9, 1.0)
_SEASON_STEPS = (0.0, 0.05, 0.15, 0.4, 0.7)
_TRENDS = (
    (0.0, 0.0, 1.0),  # none
    (0.0, 0.5, 1.0),  # half of the window's slope: the Theta method
    (0.0, 1.0, 1.0),  # the window's slope
    (0.0, 1.0, 0.9),
    (0.05, 1.0, 0.9),
    (0.1, 1.0, 0.97),
    (0.3, 1.0, 0.8),
)


class Smoothing(NamedTuple):
    """Settings of exponential smoothing, (P,) each.

    Attributes:
        level: what the level takes of an error.
        trend: what the trend takes of the level's change.
        slope: of the window's slope, what the trend begins with.
        damping: what is left of the trend after each step.
        season: what the seasons take of the rest of an error.
    """

    level: Values
    trend: Values
    slope: Values
    damping: Values
    season: Values


def window_of(length: int, seasons: Sequence[int], horizon: int) -> int:
    """R, whole seasons; 0 where the series is too short for such forecasts, or H too long.

    Args:
        length: of the values to fit by.
        seasons: seasonal periods in steps; 1: none.
        horizon: H.
    """
    longest = max(seasons)
    most = min(max(_SEASONS * longest, _WINDOW), int(_SHARE * length), MOST_CELLS // horizon)
    window = most // longest * longest
    fits = window >= max(2 * longest, 2) and length - window - horizon + 1 >= _FEWEST
    return window if fits else 0


def fit_forecasts(
    values: Values, seasons: Sequence[int], horizon: int, window: int
) -> dict[str, Values]:
    """The matrix (H, R) of each forecast, by its name in PARTS; an autoregression needs more
    values. Every row sums to 1: a constant that is added to all values is added to the forecast.

    Args:
        values: (T, S) all series have one matrix.
        seasons: seasonal periods in steps; (1,): none.
        horizon: H.
        window: R, of `window_of`.
    """
    longest = max(seasons)
    errors = np.abs(values[longest:] - values[:-longest]).mean(0)
    scale = errors + np.finfo(np.float32).eps * np.abs(values).mean(0) + np.finfo(float).tiny
    cases = _Cases(values, scale, window, horizon)
    matrices = {SMOOTHING: _smoothing(cases, seasons)}
    regression = _autoregression(cases, longest)
    if regression is not None:
        matrices[AUTOREGRESSION] = regression
    return matrices


def smoothing_loss(values: Values, seasons: Sequence[int], horizon: int, window: int) -> float:
    """The mean scaled error of averaged exponential smoothing at the origins it is chosen by;
    arguments as in `fit_forecasts`."""
    longest = min(seasons)
    scale = np.abs(values[longest:] - values[:-longest]).mean(0) + np.finfo(float).tiny
    cases = _Cases(values, scale, window, horizon)
    matrix = _smoothing(cases, seasons)
    x, ahead, unit = cases.at(cases.spread(_ORIGINS))
    return float((np.abs(matrix @ x - ahead).mean(0) / unit).mean())


class _Cases:
    """Windows of series, and the values after them."""

    def __init__(self, values: Values, scale: Values, window: int, horizon: int) -> None:
        self.values, self.scale = values, scale
        self.window, self.horizon = window, horizon
        self.first, self.last = window, len(values) - horizon

    def spread(self, most: int) -> npt.NDArray[np.int64]:
        """At most so many steps to forecast from, evenly spaced."""
        count = min(most, self.last - self.first + 1)
        return np.linspace(self.first, self.last, count).round().astype(np.int64)

    def at(self, steps: npt.NDArray[np.int64]) -> tuple[Values, Values, Values]:
        """Windows (R, B), the values after them (H, B) and the scale of each (B,), by series."""
        before = steps[:, None] + np.arange(-self.window, 0)
        after = steps[:, None] + np.arange(self.horizon)
        x, ahead = (
            np.moveaxis(self.values[each], 1, 0).transpose(0, 2, 1).reshape(each.shape[1], -1)
            for each in (before, after)
        )
        return x, ahead, np.tile(self.scale, (len(steps), 1)).T.ravel()


def _weights(losses: Values) -> Values:
    """(P,) of a mean, by the losses (P,): exponential weighting (V. Vovk, 1990)."""
    least = losses.min()
    weights = np.exp(-(losses - least) / (_TEMPERATURE * least + np.finfo(np.float32).eps))
    weights[weights < _LEAST_WEIGHT] = 0
    total: Values = weights / weights.sum()
    return total


# Exponential smoothing


def _smoothing(cases: _Cases, seasons: Sequence[int]) -> Values:
    """The mean of exponential smoothing with many settings, as a matrix (H, R)."""
    seasonal = [season for season in seasons if season > 1]
    settings = product(_LEVEL_STEPS, _TRENDS, _SEASON_STEPS if seasonal else (0.0,))
    grid = np.array([(level, *trend, season) for level, trend, season in settings]).T
    x, ahead, unit = cases.at(cases.spread(_ORIGINS))
    losses = [
        (np.abs(found - ahead).mean(1) / unit).mean(1)
        for found in _smoothed_in_chunks(x, grid, seasonal, cases.horizon)
    ]
    loss = np.concatenate(losses)
    used = np.argsort(loss, kind="stable")[: 1 + _MOST_WORK // cases.window**2]
    chosen = _weights(loss[used])
    used, chosen = used[chosen > 0], chosen[chosen > 0]
    matrix, place = np.zeros((cases.horizon, cases.window)), 0
    units = np.eye(cases.window)
    for found in _smoothed_in_chunks(units, grid[:, used], seasonal, cases.horizon):
        matrix += np.tensordot(chosen[place : place + len(found)], found, 1)
        place += len(found)
    return matrix


def _smoothed_in_chunks(
    x: Values, grid: Values, seasons: Sequence[int], horizon: int
) -> Iterator[Values]:
    """`smoothed` for some settings (5, P) at a time."""
    numbers = x.shape[1] * max(horizon, sum(seasons), 1)
    count = max(1, _CHUNK // numbers)
    for start in range(0, grid.shape[1], count):
        yield smoothed(x, Smoothing(*grid[:, start : start + count]), seasons, horizon)


def smoothed(x: Values, settings: Smoothing, seasons: Sequence[int], horizon: int) -> Values:
    """Forecasts (P, H, B) by additive exponential smoothing with a damped trend.

    The state begins with the mean level, slope and seasons of the window itself, so the forecast
    is a linear function of it. An error of a step is shared between the level and the seasons.

    Source: R. Hyndman, G. Athanasopoulos, 'Forecasting: Principles and Practice' (2021), sections
    8.3 and 8.7; J. Taylor, 'Short-Term Electricity Demand Forecasting Using Double Seasonal
    Exponential Smoothing' (2003); R. Hyndman, B. Billah, 'Unmasking the Theta method' (2003).

    Args:
        x: (R, B) windows, at least two of the longest season.
        settings: (P,) each.
        seasons: seasonal periods above 1; empty: none.
        horizon: H.
    """
    level_step, trend_step, slope_share, damping, season_step = (each[:, None] for each in settings)
    steps = np.arange(len(x))
    longest = max(seasons, default=1)
    if longest > 1:
        slope = (x[longest:] - x[:-longest]).mean(0) / longest
    else:
        centred = steps - steps.mean()
        slope = centred @ x / (centred @ centred)
    flat = x - slope * steps[:, None]
    # Without a season the level begins with the first values: the slope may have changed since.
    level = flat[: len(x) // longest * longest].mean(0) if longest > 1 else x[:4].mean(0)
    rest = flat - level
    indices = []
    for season in sorted(seasons):
        whole = len(x) // season * season
        profile = rest[:whole].reshape(-1, season, x.shape[1]).mean(0)
        rest = rest - profile[steps % season]
        indices.append(np.repeat(profile[:, None], len(level_step), 1))
    trend = slope_share * slope
    level = np.broadcast_to(level - (slope if longest > 1 else 0), trend.shape)
    share = season_step * (1 - level_step) / max(1, len(seasons))
    for step, value in enumerate(x):
        trend = damping * trend
        level = level + trend
        season = sum(each[step % len(each)] for each in indices)
        error = value - level - season
        level = level + level_step * error
        trend = trend + level_step * trend_step * error
        for each in indices:
            each[step % len(each)] += share * error
    ahead = np.arange(1, horizon + 1)
    damped = np.cumsum(damping**ahead, axis=1)
    found: Values = level[:, None] + damped[:, :, None] * trend[:, None]
    for each in indices:
        found += np.moveaxis(each[(len(x) + ahead - 1) % len(each)], 0, 1)
    return found


# Autoregression


class _Profile(NamedTuple):
    """A simple continuation of a window, from whose errors an autoregression goes on.

    Attributes:
        inside: (R, R) what it takes the values of the window for; ahead: (H, R) the next ones.
    """

    inside: Values
    ahead: Values


def _autoregression(cases: _Cases, season: int) -> Values | None:
    """The mean of many linear regressions from the last values to the next ones, as a matrix
    (H, R); None where there is too little to learn from and choose by.

    Each predicts the errors of a profile from its last errors, in units of the window's mean
    seasonal difference, by ridge regression, one for all steps ahead (A. Zeng et al., 'Are
    Transformers Effective for Time Series Forecasting?', 2023). With harmonics as the profile it
    is a dynamic harmonic regression (Hyndman and Athanasopoulos, section 10.5).
    """
    window, horizon = cases.window, cases.horizon
    cut = cases.first + int((1 - _VALIDATED) * (len(cases.values) - cases.first))
    steps = cases.spread(max(_FEWEST, _WINDOWS // len(cases.scale)))
    learned, judged = steps[steps + horizon <= cut], steps[steps >= cut]
    if len(learned) < max(2 * _FEWEST, horizon) or not len(judged):
        return None
    lags = sorted({min(each, window, _MOST_LAGS) for each in (*_LAGS, season, 2 * season, window)})
    profiles = list(_profiles(window, horizon, season))
    losses = []
    for profile in profiles:
        known, unseen = (
            _errors(cases, each, season, profile, lags[-1]) for each in (learned, judged)
        )
        for count in lags:
            for coefficients in _ridge(known.before[:, -count:], known.after):
                off = np.abs(unseen.before[:, -count:] @ coefficients - unseen.after).mean(1)
                losses.append(float((off * unseen.unit).mean()))
    shares = _weights(np.array(losses)).reshape(len(profiles), len(lags), -1)
    matrix = np.zeros((horizon, window))
    for profile, of_profile in zip(profiles, shares, strict=True):
        if not of_profile.any():
            continue
        every = _errors(cases, steps, season, profile, lags[-1])
        mean = np.zeros((lags[-1], horizon))
        for count, share in zip(lags, of_profile, strict=True):
            if share.any():
                fitted = _ridge(every.before[:, -count:], every.after)
                mean[-count:] += sum(w * each for w, each in zip(share, fitted, strict=True))
        matrix += of_profile.sum() * profile.ahead
        matrix += mean.T @ (np.eye(window) - profile.inside)[-len(mean) :]
    return matrix


class _Errors(NamedTuple):
    """Of a profile, in units of each window.

    Attributes:
        before: (B, L) the last errors; after: (B, H) the next.
        unit: (B,) the units, in those of the series.
    """

    before: Values
    after: Values
    unit: Values


def _errors(
    cases: _Cases, steps: npt.NDArray[np.int64], season: int, profile: _Profile, count: int
) -> _Errors:
    x, ahead, scale = cases.at(steps)
    unit = np.abs(x[season:] - x[:-season]).mean(0) + np.finfo(np.float32).eps * scale
    before = (x[-count:] - profile.inside[-count:] @ x) / unit
    return _Errors(before.T, ((ahead - profile.ahead @ x) / unit).T, unit / scale)


def _ridge(x: Values, y: Values) -> Iterator[Values]:
    """The coefficients (L, H) for each of _PENALTIES: A. Hoerl, R. Kennard, 'Ridge Regression'
    (1970). The smaller of both Gram matrices is decomposed once."""
    wide = len(x) < x.shape[1]
    gram = x @ x.T if wide else x.T @ x
    values, vectors = np.linalg.eigh(gram)
    projected = vectors.T @ (y if wide else x.T @ y)
    for penalty in _PENALTIES:
        solved = vectors @ (projected / (np.maximum(values, 0) + penalty * len(x))[:, None])
        yield x.T @ solved if wide else solved


def _profiles(window: int, horizon: int, season: int) -> Iterator[_Profile]:
    """The last level or, without a season, value; with one also its mean over the window, and if
    it is long, smoothed."""
    steps = np.arange(window + horizon)
    recent = 1 if season == 1 else min(max(season, _LAGS[0]), window)
    level = np.zeros((len(steps), window))
    level[:, -recent:] = 1 / recent
    yield _Profile(level[:window], level[window:])
    if season == 1:
        return
    alike = (steps[:, None] - steps[:window]) % season == 0
    mean = alike / alike.sum(1, keepdims=True)
    yield _Profile(mean[:window], mean[window:])
    if season >= _LONG_SEASON:
        angles = 2 * np.pi / season * np.outer(steps, np.arange(1, _HARMONICS + 1))
        waves = np.hstack([np.ones((len(steps), 1)), np.cos(angles), np.sin(angles)])
        smooth = waves @ np.linalg.pinv(waves[:window])
        yield _Profile(smooth[:window], smooth[window:])
