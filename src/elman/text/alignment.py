"""Where two files that should be line by line parallel begin to lie askew."""

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


_MAX_GAPS = 20  # places with lines missing that are told apart
_GAP = 2.0  # what one costs; a row wrongly paired costs some 0.4
_AROUND = 3  # lines to look at before the place


def check_alignment(sources: Document, targets: Document) -> None:
    """Whether two files have as many lines; blank ones at the end of the longer one are no lines.

    Raises:
        InputError: they have not; it names where they seem to part.
    """
    lengths = [_lengths_of(document) for document in (sources, targets)]
    filled = [np.trim_zeros(each, "b") for each in lengths]
    counts = [len(each) for each in filled]
    if max(counts) <= min(map(len, lengths)):
        return
    longer, shorter = (0, 1) if counts[0] > counts[1] else (1, 0)
    names = (sources.name, targets.name)
    line = 1 + parting_place(filled[longer], filled[shorter])
    if line > counts[shorter]:
        cause, hint = "its end seems to be missing", "Fetch or make it again"
    else:
        cause = "from about here on the two do not match, by their lengths"
        hint = f"Look at both there: {_look_command(names, line)}"
    raise InputError(
        f"{_lines(counts[longer])}, but {_lines(counts[shorter])} in {names[shorter]}: {cause}",
        location=f"{names[longer]}:{line}",
        hint=hint,
    )


def parting_place(longer: NDArray[np.int32], shorter: NDArray[np.int32]) -> int:
    """The first line, from 0, from which two files are no longer parallel.

    Lines that belong together have a ratio of lengths near the usual (its logarithm is close to
    normal: Gale and Church, 1993, 'A program for aligning sentences in bilingual corpora', section
    3.2). A row costs what its log-ratio is off the median. A line that the shorter file lacks
    shifts all after it by one, so row i of the shorter belongs to row i + s of the longer, with s
    growing from 0 at each gap; of all ways to place the gaps the cheapest is taken. A gap costs
    something too, so that a block of lines is not explained by many small ones.

    Args:
        longer, shorter: characters in each line, (M,) and (N,) with M > N.

    Returns:
        From 0 to N; N where only the end is missing.
    """
    rows, most = len(shorter), len(longer) - len(shorter)
    if not rows:
        return 0
    logs = np.log1p(longer), np.log1p(shorter)
    usual = np.median(logs[0][:rows] - logs[1])

    def costs(shift: int) -> NDArray[np.float64]:
        """What the rows up to each of N + 1 places cost with this shift."""
        each = np.abs(logs[0][shift : shift + rows] - logs[1] - usual)
        return np.concatenate([[0.0], np.cumsum(each)])

    # From the last shift to the first: the least that the rows from a place on cost if they begin
    # with this shift or a larger one, the files' ends being free.
    rest = np.full(rows + 1, np.inf)
    rest[rows] = 0.0
    for shift in sorted({*range(1, min(most, _MAX_GAPS) + 1), most}, reverse=True):
        spent = costs(shift)
        with_this = np.minimum.accumulate((spent + rest)[::-1])[::-1] - spent
        rest = np.minimum(rest, _GAP + with_this)
    return int(np.argmin(costs(0) + rest))


def _lengths_of(document: Document) -> NDArray[np.int32]:
    lines = lines_of(document.chunks())
    return np.array(array("i", (len(line.strip()) for line in lines)), dtype=np.int32)


def _lines(count: int) -> str:
    return f"{count:,} line{'' if count == 1 else 's'}"


def _look_command(names: tuple[str, str], line: int) -> str:
    """Shows both files side by side there."""
    quoted = map(shlex.quote, names)
    shown = [f"<(zcat {name})" if name.endswith(".gz") else name for name in quoted]
    return f"paste {' '.join(shown)} | sed -n '{max(1, line - _AROUND)},{line + _AROUND}p'"
