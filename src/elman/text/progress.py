"""How reading tells of itself."""

from __future__ import annotations

from collections.abc import Callable

Progressed = Callable[[str, int, int], None]
"""Hears a step, how much of it is done, and how much there is, such as bytes."""


def counting(progress: Progressed | None, step: str, total: int) -> Callable[[int], None]:
    """What hears of each piece as it is read, and tells how much is done by then."""
    done = 0

    def read(count: int) -> None:
        nonlocal done
        done += count
        if progress is not None:
            progress(step, done, total)

    return read
