"""Series in the Monash format (.tsf): one in each row, with its own start and length.

Source: R. Godahewa et al., 'Monash Time Series Forecasting Archive' (2021).
"""

from __future__ import annotations

import re
from datetime import datetime, time
from typing import TYPE_CHECKING, NamedTuple

from elman.errors import EmptyTextError, InputError
from elman.text.dates import DateStep
from elman.text.numbers import MISSING
from elman.text.series_shapes import OwnSpan, Shaped, chosen, shaped_of_spans
from elman.text.series_table import Table

if TYPE_CHECKING:
    from collections.abc import Sequence


_STEPS = {
    "yearly": DateStep("yearly", 12, 0),
    "quarterly": DateStep("quarterly", 3, 0),
    "monthly": DateStep("monthly", 1, 0),
    "weekly": DateStep("weekly", 0, 7 * 86400),
    "daily": DateStep("daily", 0, 86400),
    "hourly": DateStep("hourly", 0, 3600),
    "half_hourly": DateStep("half-hourly", 0, 1800),
    "minutely": DateStep("unknown", 0, 60),
    "secondly": DateStep("unknown", 0, 1),
}
_MULTIPLE = re.compile(r"(\d+)_(second|minute|hour|day|week)s?")
_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 7 * 86400}
_START = "%Y-%m-%d %H-%M-%S"
_DATA = "@data"


class _Header(NamedTuple):
    """What stands above the series.

    Attributes:
        attributes: name and type of the fields before the values.
        step: of the dates; None where it is not given.
        lines: above the first series.
    """

    attributes: list[tuple[str, str]]
    step: DateStep | None
    lines: int


def is_tsf(lines: Sequence[str]) -> bool:
    """Whether these first lines of a file have the tags of the format."""
    tags = {line.split()[0].lower() for line in lines if line.startswith("@")}
    return _DATA in tags and ("@attribute" in tags or "@relation" in tags)


def read_tsf(lines: Sequence[str], name: str, requested: Sequence[str] | None) -> Shaped:
    """Read series in the Monash format.

    Args:
        lines: of the file.
        name: of the file.
        requested: the names of the series to read; None: all.

    Raises:
        EmptyTextError: there are no series.
        InputError: a line is malformed, or a requested series is missing.
    """
    header = _header(lines, name)
    spans: dict[str, OwnSpan] = {}
    for number, line in enumerate(lines[header.lines :], start=header.lines + 1):
        if line.strip() and not line.startswith("#"):
            label, span = _series(line.strip(), header, f"{name}:{number}")
            if label in spans:
                label = f"{label} {number - header.lines}"
            spans[label or str(number - header.lines)] = span
    if not spans:
        raise EmptyTextError("holds no series", location=name, hint="Name a file with some")
    spans = chosen(spans, requested, name)
    starts = [span.dates[0] for span in spans.values() if span.dates]
    is_daily = header.step is None or header.step.months or header.step.seconds % 86400 == 0
    at_midnight = all(start.time() == time() for start in starts)
    form = "%Y-%m-%d" if is_daily and at_midnight else "%Y-%m-%d %H:%M:%S"
    table = Table(name, [], [], [], decimal="point")
    return shaped_of_spans(table, spans, form, header.step, "each line is a series")


def _header(lines: Sequence[str], name: str) -> _Header:
    attributes = []
    step = None
    for number, line in enumerate(lines, start=1):
        fields = line.split()
        tag = fields[0].lower() if fields else ""
        if tag == "@attribute" and len(fields) == 3:
            attributes.append((fields[1], fields[2].lower()))
        elif tag == "@frequency" and len(fields) > 1:
            step = _step_of(fields[1].lower())
            if step is None:
                raise InputError(
                    f"{fields[1]!r} is not a frequency that is known here",
                    location=f"{name}:{number}",
                    hint=f"Write one of {', '.join(_STEPS)}, or such as 10_minutes",
                )
        elif tag == _DATA:
            return _Header(attributes, step, number)
    raise InputError("there is no line @data", location=name, hint="Add it above the series")


def _step_of(frequency: str) -> DateStep | None:
    match = _MULTIPLE.fullmatch(frequency)
    if match is None:
        return _STEPS.get(frequency)
    seconds = int(match[1]) * _SECONDS[match[2]]
    named = (step for step in _STEPS.values() if step.seconds == seconds)
    return next(named, DateStep("unknown", 0, seconds))


def _series(line: str, header: _Header, location: str) -> tuple[str, OwnSpan]:
    """The name of a series, and its values with their dates."""
    fields = line.split(":", len(header.attributes))
    if len(fields) != len(header.attributes) + 1:
        raise InputError(
            f"expected {len(header.attributes)} attributes and the values, found "
            f"{len(fields)} fields",
            location=location,
            hint="Separate them by colons, as the lines @attribute name them",
        )
    *attributes, values = fields
    start, labels = None, []
    for (name, kind), value in zip(header.attributes, attributes, strict=True):
        if kind == "date":
            start = _start_of(value, location)
        elif kind == "string" or name == "series_name":
            labels.append(value)
    cells = [cell.strip() for cell in values.split(",")]
    cells = ["" if cell.lower() in MISSING or cell == "?" else cell for cell in cells]
    dates: list[datetime] = []
    if start is not None and header.step is not None:
        dates = [header.step.after(start, number) for number in range(len(cells))]
    return " ".join(labels), OwnSpan(cells, dates)


def _start_of(value: str, location: str) -> datetime:
    try:
        return datetime.strptime(value.strip(), _START)
    except ValueError as error:
        raise InputError(
            f"{value!r} is not a start such as 2001-12-31 00-00-00",
            location=location,
            hint="Write the dates of the attributes so",
        ) from error
