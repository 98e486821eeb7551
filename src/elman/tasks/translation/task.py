"""Texts with another text each."""

from __future__ import annotations

from collections.abc import Sequence

from elman.tasks.options import BEAM, COUNT, FILES, SKIP_BAD_ROWS, Option
from elman.tasks.task import Task


def _from_names(names: Sequence[str]) -> str | None:
    from elman.text.sniff_pairs import are_parallel
    from elman.text.sniff_tagged import TAG_SUFFIXES

    return "two parallel files" if are_parallel(names, TAG_SUFFIXES) else None


def _from_lines(lines: Sequence[str], name: str) -> str | None:
    from elman.text.sniff_pairs import pairs_in

    return pairs_in(lines, name)


TASK = Task(
    name="translate",
    package="elman.tasks.translation",
    model_name="Translator",
    commands_name="TranslationCommands",
    summary="a text for each text",
    explanation_title="From one text to another",
    pipeline_tag="translation",
    predicts="texts",
    priority=20,
    from_names=_from_names,
    from_lines=_from_lines,
    options=(
        Option(
            "source-column",
            str,
            "Which column of a table is to be rewritten.",
            FILES,
            names_task=True,
        ),
        Option(
            "target-column",
            str,
            "Which column of a table is what it is rewritten to.",
            ("train", "test", "peek"),
            names_task=True,
        ),
        SKIP_BAD_ROWS,
        Option(
            "attention",
            str,
            "To translate: dot, additive or none.",
            ("train",),
            of_model=True,
        ),
        Option(
            "order",
            str,
            "To translate: the source is read from both ends, forward or reversed.",
            ("train",),
            of_model=True,
        ),
        COUNT,
        BEAM,
    ),
)
