"""Texts with a label each."""

from __future__ import annotations

from pathlib import Path

from elman.tasks.options import COUNT, COUNTS, FILES, SHEET, SKIP_BAD_ROWS, Option
from elman.tasks.task import Detection, Task, lazily

TASK = Task(
    name="classify",
    package="elman.tasks.classification",
    summary="a label for each text",
    detection=Detection(
        30,
        from_names=lazily("elman.text.sniff_labelled:labelled_by_names"),
        from_lines=lazily("elman.text.sniff_labelled:labelled_in"),
    ),
    options=(
        Option("text-column", str, "Column with the text.", FILES, names_task=True),
        Option(
            "label-column",
            str,
            "Column with the label.",
            ("train", "test", "peek"),
            names_task=True,
        ),
        SHEET,
        SKIP_BAD_ROWS,
        Option(
            "directions",
            int,
            "1, or 2 to also read from the end (classification).",
            ("train",),
            of_model=True,
        ),
        Option(
            "class-weight",
            str,
            "balanced: weight classes by inverse frequency (classification).",
            ("train",),
            of_model=True,
        ),
        COUNTS,
        Option(
            "unlabelled",
            Path,
            "Unlabelled text for pretraining (classification).",
            ("train",),
            many=True,
            metavar="FILE",
        ),
        Option(
            "out-of-scope",
            Path,
            "Out-of-scope texts, of no class; repeatable (classification).",
            ("train", "test"),
            many=True,
            metavar="FILE",
        ),
        Option(
            "shuffle-words",
            bool,
            "Also score texts with shuffled words (classification).",
            ("test",),
        ),
        Option(
            "reject-below",
            str,
            "Print 'none of these' below this probability, or 'fitted' (classification).",
            ("predict",),
            metavar="P",
        ),
        COUNT,
    ),
)
