"""Peers timed side by side, and their table."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import torch

from tables import table

Work = Callable[[], object]

TURN = 5e-3  # seconds at least of one peer's turn
FEWEST_TURNS = 5


class MissingPeerError(Exception):
    """A peer that cannot take part; the message says why."""


@dataclass(frozen=True)
class Peer:
    """One way to do the work of a comparison.

    Args:
        name: of its column.
        prepare: makes the work, of which each call is the same amount, or raises
            `MissingPeerError`.
        limit: seconds that a call would take at the machine's limit, where that is known.
    """

    name: str
    prepare: Callable[[], Work]
    limit: float | None = None


class Goal(NamedTuple):
    """What a ratio should reach."""

    least: float
    aim: float


@dataclass(frozen=True)
class Ratio:
    """A column: how many times as fast as the fastest of `theirs` is `ours`."""

    name: str
    ours: str
    theirs: tuple[str, ...]


@dataclass(frozen=True)
class Comparison:
    """A line: peers that do the same work.

    Args:
        goals: by the ratio's name.
        items: that a call works through; the figures are then items a second, else time.
    """

    what: str
    peers: Sequence[Peer]
    goals: Mapping[str, Goal] = field(default_factory=dict)
    items: int | None = None


@dataclass(frozen=True)
class Group:
    """A table.

    Args:
        comparisons: made one at a time, as they hold much memory.
        threads: that torch may use.
        inference: whether autograd is off.
    """

    title: str
    ratios: Sequence[Ratio]
    comparisons: Iterable[Comparison]
    threads: int
    inference: bool = False


class Timed(NamedTuple):
    comparison: Comparison
    medians: dict[str, float]  # seconds of a call, by the peer's name


def run(group: Group, seconds: float) -> str:
    """Time a group's comparisons, for so many seconds each, and write their table."""
    torch.set_num_threads(group.threads)
    lines, missing = [], set()
    for comparison in group.comparisons:
        with torch.inference_mode(group.inference):
            works, without = _prepared(comparison)
            medians = in_turns(works, seconds)
        missing |= without
        lines.append(Timed(comparison, medians))
        print(_said(lines[-1]), file=sys.stderr, flush=True)
    notes = [f"\n\nWithout {reason}." for reason in sorted(missing)]
    return f"### {group.title}\n\n{_table(lines, group.ratios)}{''.join(notes)}"


def in_turns(
    works: Mapping[str, Work],
    seconds: float,
    choose: Callable[[Sequence[float]], float] = statistics.median,
) -> dict[str, float]:
    """The seconds of a call of each work, timed in alternation, A B C A B C.

    Args:
        seconds: for all of it, at least.
        choose: which of a work's turns counts.
    """
    calls = {name: _calls(work) for name, work in works.items()}
    taken: dict[str, list[float]] = {name: [] for name in works}
    begun, turns = time.perf_counter(), 0
    while turns < FEWEST_TURNS or time.perf_counter() - begun < seconds:
        for name, work in works.items():
            taken[name].append(_turn(work, calls[name]))
        turns += 1
    return {name: choose(each) for name, each in taken.items()}


def _prepared(comparison: Comparison) -> tuple[dict[str, Work], set[str]]:
    works, missing = {}, set()
    for peer in comparison.peers:
        try:
            works[peer.name] = peer.prepare()
        except MissingPeerError as reason:
            missing.add(f"{peer.name}: {reason}")
    return works, missing


def _calls(work: Work) -> int:
    """How many calls fill a turn; what is done once only, such as packing weights, is done here."""
    work()
    return max(1, round(TURN / min(_turn(work, 1) for _ in range(2))))


def _turn(work: Work, calls: int) -> float:
    if calls > 1:
        work()  # reload its weights into the cache, which the others have filled
    begun = time.perf_counter()
    for _ in range(calls):
        work()
    return (time.perf_counter() - begun) / calls


def _table(lines: Sequence[Timed], ratios: Sequence[Ratio]) -> str:
    peers = list(dict.fromkeys(name for line in lines for name in line.medians))
    rows = [
        (
            line.comparison.what,
            *(_figure(line, name) for name in peers),
            *(_ratio(line, ratio) for ratio in ratios),
        )
        for line in lines
    ]
    return table(rows, ("what", *peers, *(ratio.name for ratio in ratios)))


def _figure(line: Timed, name: str) -> str:
    """A peer's time or rate, and its share of the machine's limit."""
    if name not in line.medians:
        return ""
    median, items = line.medians[name], line.comparison.items
    said = duration(median) if items is None else f"{items / median:,.0f}"
    limit = {peer.name: peer.limit for peer in line.comparison.peers}[name]
    return said if limit is None else f"{said} ({limit / median:.0%})"


def _ratio(line: Timed, ratio: Ratio) -> str:
    theirs = [line.medians[name] for name in ratio.theirs if name in line.medians]
    if ratio.ours not in line.medians or not theirs:
        return ""
    said = f"{min(theirs) / line.medians[ratio.ours]:.2f}x"
    goal = line.comparison.goals.get(ratio.name)
    return said if goal is None else f"{said} (at least {goal.least:g}, aim {goal.aim:g})"


def _said(line: Timed) -> str:
    figures = ", ".join(f"{name} {_figure(line, name)}" for name in line.medians)
    return f"{line.comparison.what}: {figures}"


def duration(seconds: float) -> str:
    """In microseconds or milliseconds, to three digits."""
    value, tokenizer = (seconds * 1e6, "us") if seconds < 1e-3 else (seconds * 1e3, "ms")
    digits = 0 if value >= 100 else 1 if value >= 10 else 2
    return f"{value:,.{digits}f} {tokenizer}"


def counted(threads: int) -> str:
    return f"{threads} thread{'s' if threads > 1 else ''}"
