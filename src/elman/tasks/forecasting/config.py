"""A forecaster's settings: checked when training begins, and what follows from them and a series.

Shapes: T steps, S series.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np

from elman.errors import EmptyTextError, ModelFileError, SettingError
from elman.nn.config import ForecasterConfig
from elman.ranges import check_integer
from elman.tasks.architecture import check_blocks
from elman.tasks.forecasting.seasonality import grows_with_level, season_of
from elman.tasks.settings import NetworkSettings, Recipe, changed, counts_setting, setting
from elman.text.series import Series
from elman.training.plan import Plan

if TYPE_CHECKING:
    from elman.tasks.file_size import Shape

LONGEST_HORIZON = 10_000
MAX_AHEAD = 48  # where no horizon was said

RECIPE = Recipe(24, 0.1, learning_rate=3e-3, weight_decay=0.1)
ROWS = 64  # windows of a batch
REHEARSAL = 0.6  # of the minutes, while the end of the series is held out

_SEASONS_READ = (4, 12)  # at least and at most, where there are so many ...
_SHARE_READ = 20  # ... and otherwise a twentieth of the values
_VALUES_READ = 48  # where there is no season
_MAX_STEPS = 24  # are read one by one, the last of them: more were no better, and slower
_REPORTED = 25  # bytes, about, of a figure in the report that a model file holds
_MIN_WINDOWS = 8  # to learn from, besides those held out
_SHARE_HELD_OUT = 6  # a sixth
_LONGEST_HELD_OUT = 4  # horizons or seasons, whichever is longer


class Variant(NamedTuple):
    """What depends on how much there is to learn from.

    Attributes:
        networks: that answer together.
        steps: of a training, at most: few windows are soon known by heart.
    """

    networks: int
    steps: int


FEW = 1000  # windows
VARIANTS = {True: Variant(5, 160), False: Variant(3, 400)}
"""By whether there are few."""


def check_seasons(name: str, value: object) -> None:
    """Check one season or two, as they are typed.

    Raises:
        SettingError: one is not in range, both are the same, or there are more than two.
    """
    given: list[object] = list(value) if isinstance(value, tuple | list) else [value]
    if isinstance(value, str):
        given = [int(each) if each.strip().isdecimal() else each for each in value.split(",")]
    for each in given:
        check_integer(name, each, least=1, most=LONGEST_HORIZON)
    if not 1 <= len(given) <= 2 or (len(given) == 2 and (given[0] == given[1] or 1 in given)):
        raise SettingError(
            f"{value!r} is neither a season nor two",
            location=name,
            hint="Type a number of steps, or two such as 48,336",
        )


def typed_seasons(value: int | tuple[int, ...] | str | None) -> tuple[int, ...] | None:
    """The seasons of a setting that `check_seasons` accepts, in their order; None: none given."""
    if value is None:
        return None
    if isinstance(value, str):
        return tuple(int(each) for each in value.split(","))
    return value if isinstance(value, tuple) else (value,)


@dataclass(kw_only=True, eq=False, repr=False)
class ForecasterSettings(NetworkSettings):
    """The settings of `Forecaster`."""

    cell: str = changed(NetworkSettings, "cell", "lstm")
    minutes: float = changed(
        NetworkSettings, "minutes", 1.0, "training time in minutes by the wall clock, at most."
    )
    horizon: int | None = setting(
        None,
        "H, the steps ahead, 1 to 10,000; None chooses: a season, or two where it is short.",
        partial(check_integer, least=1, most=LONGEST_HORIZON),
    )
    season: int | tuple[int, int] | str | None = setting(
        None,
        "after how many steps the values are alike, 1 (never) to 10,000, or two such seasons as a "
        "tuple or as '48,336': errors are scaled by the first, and the counts know both; None "
        "finds them by the dates or by the autocorrelation.",
        check_seasons,
    )
    counts: str = counts_setting(
        "'on': forecasts that are linear functions of the last values are fitted before the "
        "network, and the answer is a mean of both; 'off': the network alone."
    )

    def check_settings(self) -> Self:
        """As in `NetworkSettings`.

        Raises:
            SettingError: also for a second season without counts, which would change nothing.
        """
        super().check_settings()
        if self.counts == "off" and len(typed_seasons(self.season) or ()) > 1:
            raise SettingError(
                "a second season is for the counts, which are off",
                location="season",
                hint="Give one season, or leave out --counts off",
            )
        return self


def forecasting_of(settings: ForecasterSettings, series: Series) -> ForecasterConfig:
    """What a network for this series is built from.

    Raises:
        EmptyTextError: the series is too short.
    """
    values = series.common  # the season and the horizon are to suit the shortest series too
    length = len(values)
    step = None if series.calendar is None else series.calendar.step
    typed = typed_seasons(settings.season)
    season = season_of(values, step) if typed is None else typed[0]
    horizon = _horizon(season, length) if settings.horizon is None else settings.horizon
    seasons = _VALUES_READ
    if season > 1:
        fewest, most = _SEASONS_READ
        seasons = max(fewest, min(most, length // season // _SHARE_READ))
    read = season * max(2, min(seasons, length // 3 // season))
    needed = read + 2 * horizon + _MIN_WINDOWS
    if length < needed:
        named, hint = "", "Give more of them, or a shorter --season or --horizon"
        if series.starts:
            named = f"series {series.names[int(np.argmax(series.starts))]!r}: "
            hint = "Leave such short series out, or give a shorter --season or --horizon"
        raise EmptyTextError(
            f"{named}{length:,} values are too few for a season of {season:,} and a horizon of "
            f"{horizon:,}: {needed:,} are needed",
            location=series.name,
            hint=hint,
        )
    return ForecasterConfig(
        season=season,
        horizon=horizon,
        context_length=read,
        steps=min(read - season, _MAX_STEPS),
        logarithm=grows_with_level(values, season),
        networks=scope(series, read).networks,
        cell=settings.cell,
        hidden_size=RECIPE.hidden_size_of(settings),
        layers=settings.layers,
        dropout=RECIPE.dropout_of(settings),
    )


def sized(settings: ForecasterSettings, series: Series) -> tuple[ForecasterConfig, int | None]:
    """The network of `forecasting_of`, as large as the size of the model file allows.

    Returns:
        Its configuration, and the bytes that are left for counts; None: no limit.

    Raises:
        EmptyTextError: the series is too short; SettingError: the size is too small.
    """
    from elman.nn.forecaster import ForecastNetwork
    from elman.tasks.file_size import Shape, divided

    config = forecasting_of(settings, series)
    if settings.size is None:
        return config, None

    def of_shape(shape: Shape[ForecasterSettings]) -> ForecasterConfig:
        hidden_size = RECIPE.hidden_size_of(shape.settings)
        return replace(config, hidden_size=hidden_size, networks=shape.members)

    count = len(series.names)
    division = divided(
        Shape(settings, members=config.networks),
        config.hidden_size,
        lambda shape: ForecastNetwork(of_shape(shape)),
        vocabulary=series.names,
        others=8 * count * (config.context_length + _REPORTED) + _REPORTED * config.horizon,
    )
    return of_shape(division.shape), division.counts


def forecast_plan(settings: ForecasterSettings, share: float, max_steps: int) -> Plan:
    """A training's plan, with a share of the minutes; where steps were set, it is those many, or
    `max_steps` if that is less."""
    plan = RECIPE.plan_of(settings, max_steps=max_steps, fraction=share)
    steps = None if settings.steps is None else min(settings.steps, max_steps)
    return replace(plan, steps=steps)


def scope(series: Series, context_length: int) -> Variant:
    """What suits so many origins as the series have."""
    length = len(series.values) - context_length
    return VARIANTS[sum(length - first for first in series.first_rows) < FEW]


def held_out(length: int, config: ForecasterConfig) -> int:
    """How many of T values, at the end, are held out to choose and to measure by."""
    share = min(length // _SHARE_HELD_OUT, _LONGEST_HELD_OUT * max(config.horizon, config.season))
    room = length - config.context_length - config.horizon - _MIN_WINDOWS + 1
    return max(config.horizon, min(share, room))


def _horizon(season: int, length: int) -> int:
    """One season, or two where it is short, or 10 steps where there is none: near to those of the
    M4 competition; but no more than a sixth of the values, and than MAX_AHEAD."""
    usual = 10 if season == 1 else (2 * season if season < 12 else season)
    return max(1, min(usual, MAX_AHEAD, length // 6))


def checked_forecasting(value: object) -> ForecasterConfig:
    """What the network in a model file is built from.

    Raises:
        ModelFileError: it is malformed; SettingError: a value is out of range.
    """
    names = set(ForecasterConfig.__dataclass_fields__)
    if not isinstance(value, dict) or value.keys() != names:
        raise ModelFileError("its network is not one that is known here")
    config: dict[str, Any] = value
    check_integer("season", config["season"], 1, LONGEST_HORIZON)
    check_integer("horizon", config["horizon"], 1, LONGEST_HORIZON)
    check_integer(
        "context_length",
        config["context_length"],
        2 * config["season"],
        _VALUES_READ * LONGEST_HORIZON,
    )
    check_integer("steps", config["steps"], 1, config["context_length"] - config["season"])
    check_integer("networks", config["networks"], 1, 64)
    check_blocks(config)
    if type(config["logarithm"]) is not bool:
        raise ModelFileError("its network is malformed")
    return ForecasterConfig(**config)
