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
            "Column with the source text.",
            FILES,
            names_task=True,
        ),
        Option(
            "target-column",
            str,
            "Column with the target text.",
            ("train", "test", "peek"),
            names_task=True,
        ),
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
