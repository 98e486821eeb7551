"""Report the progress of reading."""

from __future__ import annotations

from collections.abc import Callable

ProgressCallback = Callable[[str, int, int], None]
"""Called with the name of a step, the amount done, and the total, such as bytes."""


def progress_counter(
    progress: ProgressCallback | None, step: str, total: int
) -> Callable[[int], None]:
    """A callback for the size of each block read, which reports the running total.

    Args:
        progress: called with the step, the amount read so far and `total`; None: no reports.
        step: its name.
        total: the amount to read.
    """
    done = 0

    def read(count: int) -> None:
        nonlocal done
        done += count
        if progress is not None:
            progress(step, done, total)

    return read
