"""Plot a forecast: recent values, the median, and the intervals.

SVG is written here; PNG needs matplotlib, an extra.
"""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from xml.sax.saxutils import escape

import numpy as np

from elman.bundle import write_whole
from elman.errors import OutputError, SettingError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from elman.tasks.forecasting.forecast import Forecast
    from elman.text.series import Series

    Values = npt.NDArray[np.float64]


SUFFIXES = (".svg", ".png")
_LONGEST_NAME = 36
MAX_PANELS = 12  # series plotted, at most

# Colours that differ in lightness too: for colour-blind readers and for print.
_PAST, _MIDDLE, _INNER, _OUTER, _GRID = "#333333", "#0050a0", "#8fb8de", "#d3e3f3", "#e4e4e4"
_WIDTH, _PANEL, _LEFT, _RIGHT, _TOP, _BOTTOM = 720, 260, 74, 16, 34, 34
_MAX_TICKS = 6  # on an axis, approximately
_PAST_HORIZONS = 3  # horizons of the past to plot ...
_LABEL_STEPS = (
    1,
    2,
    3,
    4,
    6,
    8,
    12,
    24,
    48,
    96,
)  # steps between labels: parts of years and days
_MIN_PAST = 24  # ... but at least so many steps, if available


class Panel(NamedTuple):
    """The plot of one series.

    Attributes:
        name: of the series.
        past: (P,) the values before the forecast.
        labels: (P + H,) of the steps.
        median, low_80, high_80, low_95, high_95: (H,) as in `Forecast`.
    """

    name: str
    past: Values
    labels: Sequence[str]
    median: Values
    low_80: Values
    high_80: Values
    low_95: Values
    high_95: Values


def check_plot(path: Path) -> None:
    """Check that a plot can be written to a path.

    Raises:
        SettingError: the suffix is not in SUFFIXES, or it is PNG and matplotlib is missing.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise SettingError(
            f"{path.name!r} is neither SVG nor PNG", location="plot", hint="Name it FILE.svg"
        )
    if path.suffix.lower() == ".png":
        _matplotlib()


def draw(forecast: Forecast, history: Series, path: Path) -> None:
    """Write the plot.

    Args:
        forecast: to plot.
        history: the values before the forecast.
        path: an SVG or PNG file.

    Raises:
        OutputError: the file cannot be written.
    """
    panels = _panels(forecast, history)
    content = svg(panels).encode() if path.suffix.lower() == ".svg" else _png(panels)
    try:
        write_whole(path, content)
    except OutputError as error:
        hint = "Name another file with --plot"
        raise OutputError(error.cause, location=path, hint=hint) from error


def svg(panels: Sequence[Panel]) -> str:
    """The plot as SVG."""
    height = _PANEL * len(panels)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
        f'width="{_WIDTH}" height="{height}" font-family="sans-serif" font-size="12">',
        f'<rect width="{_WIDTH}" height="{height}" fill="white"/>',
    ]
    for number, panel in enumerate(panels):
        parts += _panel_svg(panel, number * _PANEL)
    return "\n".join([*parts, "</svg>", ""])


def ticks(low: float, high: float) -> list[float]:
    """Round numbers between low and high, at a distance of 1, 2 or 5 times a power of ten."""
    raw = (high - low) / _MAX_TICKS
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(each * power for each in (1, 2, 5, 10) if each * power >= raw * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [step * index for index in range(first, math.floor(high / step + 1e-9) + 1)]


def _panels(forecast: Forecast, history: Series) -> list[Panel]:
    horizon = len(forecast.median)
    most = max(_MIN_PAST, _PAST_HORIZONS * horizon)
    bands = (forecast.median, forecast.low_80, forecast.high_80, forecast.low_95, forecast.high_95)
    panels = []
    calendars = history.calendars()
    for index, name in enumerate(forecast.names[:MAX_PANELS]):
        past, calendar = history.own(index)[-most:], calendars[index]
        if forecast.dates and calendar is not None:
            labels = [*calendar.last_dates(len(past)), *forecast.dates_of(index)]
        else:
            labels = [str(step) for step in range(1 - len(past), horizon + 1)]
        panels.append(Panel(name, past, labels, *(each[:, index] for each in bands)))
    return panels


class _Frame:
    """Maps steps and values to coordinates in a panel."""

    def __init__(self, panel: Panel, top: float) -> None:
        values = np.concatenate([panel.past, *panel[3:]])
        low, high = float(values.min()), float(values.max())
        margin = 0.05 * (high - low) or 0.05 * abs(high) or 1.0
        self.low, self.high = low - margin, high + margin
        self.steps = len(panel.past) + len(panel.median)
        self.top, self.bottom = top + _TOP, top + _PANEL - _BOTTOM

    def x(self, step: float) -> float:
        return _LEFT + step / max(1, self.steps - 1) * (_WIDTH - _LEFT - _RIGHT)

    def y(self, value: float) -> float:
        fraction = (value - self.low) / (self.high - self.low)
        return self.bottom - fraction * (self.bottom - self.top)

    def points(self, steps: Sequence[int], values: Values) -> str:
        pairs = zip(steps, values.tolist(), strict=True)
        return " ".join(f"{self.x(step):.1f},{self.y(value):.1f}" for step, value in pairs)


def _panel_svg(panel: Panel, top: float) -> list[str]:
    frame = _Frame(panel, top)
    count = len(panel.past)
    ahead = range(count, frame.steps)
    # Lines and bands start at the last known value.
    joined = [count - 1, *ahead]
    last = panel.past[-1:]

    def from_last(values: Values) -> Values:
        return np.concatenate([last, values])

    parts = [_text(_LEFT, top + 20, _shortened(panel.name), anchor="start", weight="bold")]
    parts += _legend(top + 20)
    round_ones = ticks(frame.low, frame.high)
    for value in round_ones:
        y = frame.y(value)
        parts.append(_line(_LEFT, y, _WIDTH - _RIGHT, y, _GRID))
        parts.append(_text(_LEFT - 8, y + 4, _tick_text(value, round_ones), anchor="end"))
    for step in _labelled_steps(frame.steps, max(map(len, panel.labels))):
        x = frame.x(step)
        parts.append(_line(x, frame.bottom, x, frame.bottom + 4, _PAST))
        anchor = "end" if x > _WIDTH - 60 else "middle"
        parts.append(_text(x, frame.bottom + 18, panel.labels[step], anchor=anchor))
    for low, high, colour in (
        (panel.low_95, panel.high_95, _OUTER),
        (panel.low_80, panel.high_80, _INNER),
    ):
        upper = frame.points(joined, from_last(high))
        lower = frame.points(joined[::-1], from_last(low)[::-1])
        parts.append(f'<polygon points="{upper} {lower}" fill="{colour}"/>')
    parts.append(_polyline(frame.points(range(count), panel.past), _PAST, 1.5))
    parts.append(_polyline(frame.points(joined, from_last(panel.median)), _MIDDLE, 2.2))
    parts.append(_line(_LEFT, frame.bottom, _WIDTH - _RIGHT, frame.bottom, _PAST))
    return parts


def _legend(y: float) -> list[str]:
    """The legend, to the right of the name of the panel."""
    parts = []
    x = _WIDTH - _RIGHT - 308.0
    for label, colour, thick, width in (
        ("values", _PAST, 2.0, 72),
        ("median", _MIDDLE, 2.5, 78),
        ("80 %", _INNER, 10.0, 68),
        ("95 %", _OUTER, 10.0, 68),
    ):
        parts.append(
            f'<line x1="{x:.1f}" y1="{y - 4:.1f}" x2="{x + 18:.1f}" y2="{y - 4:.1f}" '
            f'stroke="{colour}" stroke-width="{thick:g}"/>'
        )
        parts.append(_text(x + 23, y, label, anchor="start"))
        x += width + 6
    return parts


def _labelled_steps(steps: int, longest: int) -> range:
    """The steps with a label, evenly spaced: as many as fit.

    Args:
        steps: their number.
        longest: characters of the longest label.
    """
    width = 9.0 * longest + 24  # of a label, in pixels
    count = max(2, int((_WIDTH - _LEFT - _RIGHT) / width))
    stride = math.ceil(steps / count)
    return range(0, steps, next((each for each in _LABEL_STEPS if each >= stride), stride))


def _tick_text(value: float, values: Sequence[float]) -> str:
    """A tick with the digits that distinguish it from its neighbours."""
    step = abs(values[1] - values[0]) if len(values) > 1 else abs(value) or 1.0
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    if max(map(abs, values)) >= 1e9 or digits > 6:
        return f"{value:.3g}"
    return f"{value + 0.0:,.{digits}f}"


def _shortened(name: str) -> str:
    """A name short enough for the legend beside it."""
    return name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}..."


def _line(x1: float, y1: float, x2: float, y2: float, colour: str) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"/>'


def _polyline(points: str, colour: str, thick: float) -> str:
    return (
        f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="{thick:g}" '
        'stroke-linejoin="round"/>'
    )


def _text(x: float, y: float, text: str, *, anchor: str, weight: str = "normal") -> str:
    shown = escape("".join(each for each in text if each.isprintable()))
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-weight="{weight}" '
        f'fill="{_PAST}">{shown}</text>'
    )


def _matplotlib() -> Any:
    try:
        from matplotlib import figure
    except ImportError as error:
        raise SettingError(
            "a PNG is drawn by matplotlib, which is not installed",
            location="plot",
            hint="Name it FILE.svg, or: pip install 'elman[plot]'",
        ) from error
    return figure


def _png(panels: Sequence[Panel]) -> bytes:
    size = (_WIDTH / 100, _PANEL / 100 * len(panels))
    figure = _matplotlib().Figure(figsize=size, dpi=150, layout="constrained")
    for axes, panel in zip(figure.subplots(len(panels), squeeze=False)[:, 0], panels, strict=True):
        count = len(panel.past)
        ahead = range(count, count + len(panel.median))
        axes.fill_between(ahead, panel.low_95, panel.high_95, color=_OUTER, label="95 %")
        axes.fill_between(ahead, panel.low_80, panel.high_80, color=_INNER, label="80 %")
        axes.plot(range(count), panel.past, color=_PAST, linewidth=1.2, label="values")
        axes.plot(ahead, panel.median, color=_MIDDLE, linewidth=1.8, label="median")
        marked = _labelled_steps(len(panel.labels), max(map(len, panel.labels)))
        axes.set_xticks(list(marked), [panel.labels[step] for step in marked])
        axes.set_title(panel.name, loc="left")
        axes.legend(
            ncols=4, frameon=False, fontsize="small", loc="lower right", bbox_to_anchor=(1.0, 1.0)
        )
    content = io.BytesIO()
    figure.savefig(content, format="png")
    return content.getvalue()
