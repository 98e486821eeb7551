"""Words with a tag each."""

from __future__ import annotations

from elman.tasks.options import COUNT, COUNTS, FILES, SHEET, SKIP_BAD_ROWS, Option
from elman.tasks.task import Detection, Task, lazily

TASK = Task(
    name="tag",
    package="elman.tasks.tagging",
    summary="a tag for each word",
    detection=Detection(
        40,
        from_names=lazily("elman.text.slot_folder:slots_in"),
        from_lines=lazily("elman.text.sniff_tagged:tagged_in"),
    ),
    options=(
        Option(
            "column",
            int,
            "Column with the tag, from 1 (default: the last, or UPOS).",
            FILES,
            names_task=True,
        ),
        Option(
            "word-column",
            int,
            "Column with the word, from 1 (default: the first without numbers, or FORM).",
            FILES,
            names_task=True,
        ),
        SHEET,
        SKIP_BAD_ROWS,
        COUNTS,
        COUNT,
    ),
)
