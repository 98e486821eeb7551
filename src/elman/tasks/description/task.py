"""Vectors with a text each."""

from __future__ import annotations

from collections.abc import Sequence

from elman.tasks.options import BEAM, COUNT, COUNTS, SHEET, SKIP_BAD_ROWS, Option
from elman.tasks.task import Detection, Task, lazily


def _from_names(names: Sequence[str]) -> str | None:
    from elman.text.array_file import ARRAY_SUFFIXES
    from elman.text.tables import suffix_of

    if any(suffix_of(name) in ARRAY_SUFFIXES for name in names):
        return "an array of vectors"
    return None


TASK = Task(
    name="describe",
    package="elman.tasks.description",
    summary="a text for each vector",
    detection=Detection(
        0, from_names=_from_names, from_lines=lazily("elman.text.vector_table:vectors_in")
    ),
    options=(
        SHEET.on("train", "test", "peek"),
        SKIP_BAD_ROWS.on("train", "test", "peek"),
        COUNTS,
        COUNT,
        BEAM,
        Option("row", int, "Row of the file, from 1 (default 1) (description).", ("explain",)),
    ),
)
