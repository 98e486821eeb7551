"""Text to continue, token by token."""

from __future__ import annotations

from collections.abc import Sequence

from elman.tasks.options import COUNTS, Option
from elman.tasks.task import Detection, Task


def _from_lines(lines: Sequence[str], name: str) -> str:  # noqa: ARG001
    """Any text can be continued."""
    from elman.text.sniff import table_in

    return table_in(lines) or "running text"


TASK = Task(
    name="language",
    package="elman.tasks.language_modeling",
    summary="the next token of a text",
    detection=Detection(100, from_lines=_from_lines),  # the last resort: any text can be continued
    options=(
        Option(
            "text-column",
            str,
            "Column with the text.",
            ("train", "test", "peek"),
        ),
        COUNTS,
    ),
)
