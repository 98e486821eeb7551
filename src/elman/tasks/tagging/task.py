"""Words with a tag each."""

from __future__ import annotations

from collections.abc import Sequence

from elman.tasks.options import COUNT, FILES, SKIP_BAD_ROWS, Option
from elman.tasks.task import Task


def _from_lines(lines: Sequence[str], name: str) -> str | None:
    from elman.text.sniff_tagged import tagged_in

    return tagged_in(lines, name)


TASK = Task(
    name="tag",
    package="elman.tasks.tagging",
    model_name="Tagger",
    commands_name="TaggingCommands",
    summary="a tag for each word",
    explanation_title="What each word is",
    pipeline_tag="token-classification",
    predicts="sentences",
    priority=40,
    from_lines=_from_lines,
    options=(
        Option(
            "column",
            int,
            "Column with the tag, from 1 (default: the last, or UPOS).",
            FILES,
            names_task=True,
        ),
        SKIP_BAD_ROWS,
        COUNT,
    ),
)
