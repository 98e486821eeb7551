"""Texts with another text each."""

from __future__ import annotations

from collections.abc import Sequence

from elman.tasks.options import BEAM, COUNT, FILES, SHEET, SKIP_BAD_ROWS, Option
from elman.tasks.task import Detection, Task, lazily


def _from_names(names: Sequence[str]) -> str | None:
    from elman.text.sniff_pairs import are_parallel
    from elman.text.sniff_tagged import TAG_SUFFIXES

    return "two parallel files" if are_parallel(names, TAG_SUFFIXES) else None


TASK = Task(
    name="translate",
    package="elman.tasks.translation",
    summary="a text for each text",
    detection=Detection(
        20, from_names=_from_names, from_lines=lazily("elman.text.sniff_pairs:pairs_in")
    ),
    options=(
        Option("source-column", str, "Column with the source text.", FILES, names_task=True),
        Option(
            "target-column",
            str,
            "Column with the target text.",
            ("train", "test", "peek"),
            names_task=True,
        ),
        SHEET,
        SKIP_BAD_ROWS,
        Option(
            "attention",
            str,
            "Attention: dot, additive or none (translation).",
            ("train",),
            of_model=True,
        ),
        Option(
            "order",
            str,
            "Reading order of the source: both, forward or reversed (translation).",
            ("train",),
            of_model=True,
        ),
        COUNT,
        BEAM,
    ),
)
