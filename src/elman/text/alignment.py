"""Find the line from which two parallel files are misaligned."""

from __future__ import annotations

import shlex
from array import array
from typing import TYPE_CHECKING

import numpy as np

from elman.errors import InputError
from elman.text.lines import lines_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from elman.text.files import Document


_MAX_GAPS = 20  # runs of missing lines that are modelled separately
_GAP_COST = 2.0  # a wrongly paired row costs about 0.4
_CONTEXT_LINES = 3  # lines shown before and after the misalignment


def check_alignment(sources: Document, targets: Document) -> None:
    """Check that two files have the same number of lines, not counting blank lines at the end.

    Args:
        sources, targets: files whose lines should correspond one to one.

    Raises:
        InputError: the numbers differ; the message names the line where they seem to diverge.
    """
    lengths = [_lengths_of(document) for document in (sources, targets)]
    trimmed = [np.trim_zeros(each, "b") for each in lengths]
    counts = [len(each) for each in trimmed]
    if max(counts) <= min(map(len, lengths)):
        return
    longer, shorter = (0, 1) if counts[0] > counts[1] else (1, 0)
    names = (sources.name, targets.name)
    line = 1 + misalignment_start(trimmed[longer], trimmed[shorter])
    if line > counts[shorter]:
        cause, hint = "its end seems to be missing", "Fetch or make it again"
    else:
        cause = "the lengths of the lines stop matching at about this line"
        hint = f"Compare both files there: {_compare_command(names, line)}"
    raise InputError(
        f"{_lines(counts[longer])}, but {_lines(counts[shorter])} in {names[shorter]}: {cause}",
        location=f"{names[longer]}:{line}",
        hint=hint,
    )


def misalignment_start(longer: NDArray[np.int32], shorter: NDArray[np.int32]) -> int:
    """The index of the first line from which two files are no longer parallel.

    The length ratio of corresponding lines stays near its median (its logarithm is close to
    normal: Gale and Church, 1993, 'A program for aligning sentences in bilingual corpora', section
    3.2). A row costs the distance of its log-ratio from the median. A line missing from the
    shorter file shifts all later lines by one: row i of the shorter file corresponds to row i + s
    of the longer, and s grows from 0 at each gap. The result minimises the total cost over all
    positions of the gaps. Each gap has a cost of its own; otherwise many small gaps would explain
    one missing block.

    Args:
        longer, shorter: characters in each line, (M,) and (N,) with M > N.

    Returns:
        From 0 to N; N where only the end is missing.
    """
    rows, max_shift = len(shorter), len(longer) - len(shorter)
    if not rows:
        return 0
    logs = np.log1p(longer), np.log1p(shorter)
    median = np.median(logs[0][:rows] - logs[1])

    def costs(shift: int) -> NDArray[np.float64]:
        """(N + 1,) the cost of the rows before each index at this shift."""
        each = np.abs(logs[0][shift : shift + rows] - logs[1] - median)
        return np.concatenate([[0.0], np.cumsum(each)])

    # Dynamic programme from the largest shift to the smallest: the least cost of the rows from
    # each index on, given this shift or a larger one. The ends of the files are free.
    remaining = np.full(rows + 1, np.inf)
    remaining[rows] = 0.0
    for shift in sorted({*range(1, min(max_shift, _MAX_GAPS) + 1), max_shift}, reverse=True):
        spent = costs(shift)
        with_this = np.minimum.accumulate((spent + remaining)[::-1])[::-1] - spent
        remaining = np.minimum(remaining, _GAP_COST + with_this)
    return int(np.argmin(costs(0) + remaining))


def _lengths_of(document: Document) -> NDArray[np.int32]:
    lines = lines_of(document.chunks())
    return np.array(array("i", (len(line.strip()) for line in lines)), dtype=np.int32)


def _lines(count: int) -> str:
    return f"{count:,} line{'' if count == 1 else 's'}"


def _compare_command(names: tuple[str, str], line: int) -> str:
    """A shell command that prints both files side by side around a line."""
    quoted = map(shlex.quote, names)
    files = [f"<(zcat {name})" if name.endswith(".gz") else name for name in quoted]
    lines = f"{max(1, line - _CONTEXT_LINES)},{line + _CONTEXT_LINES}"
    return f"paste {' '.join(files)} | sed -n '{lines}p'"
