"""Texts with a label each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from elman.tasks.options import COUNT, FILES, SKIP_BAD_ROWS, Option
from elman.tasks.task import Task


def _from_lines(lines: Sequence[str], name: str) -> str | None:
    from elman.text.sniff_labelled import labelled_in

    return labelled_in(lines, name)


TASK = Task(
    name="classify",
    package="elman.tasks.classification",
    model_name="Classifier",
    commands_name="ClassificationCommands",
    summary="a label for each text",
    explanation_title="How a text is judged",
    pipeline_tag="text-classification",
    predicts="texts",
    priority=30,
    from_lines=_from_lines,
    options=(
        Option("text-column", str, "Which column of a table is the text.", FILES, names_task=True),
        Option(
            "label-column",
            str,
            "Which column of a table is the label.",
            ("train", "test", "peek"),
            names_task=True,
        ),
        SKIP_BAD_ROWS,
        Option(
            "directions",
            int,
            "To classify: 1, or 2 to read from the end too.",
            ("train",),
            of_model=True,
        ),
        Option(
            "class-weight",
            str,
            "To classify: balanced gives rare classes more weight.",
            ("train",),
            of_model=True,
        ),
        Option(
            "unlabelled",
            Path,
            "To classify: unlabelled text of the kind, for pretraining.",
            ("train",),
            many=True,
            metavar="FILE",
        ),
        Option(
            "out-of-scope",
            Path,
            "Texts that belong to no class; may be given again.",
            ("train", "test"),
            many=True,
            metavar="FILE",
        ),
        Option("shuffle-words", bool, "Also say what the words' order was worth.", ("test",)),
        Option(
            "reject-below",
            str,
            "Classes: answer 'none of these' below this probability, or 'fitted'.",
            ("predict",),
            metavar="P",
        ),
        COUNT,
    ),
)
