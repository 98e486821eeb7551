"""Text to continue, token by token."""

from __future__ import annotations

from collections.abc import Sequence

from elman.tasks.options import COUNTS, SHEET, Option
from elman.tasks.task import Detection, Task


def _from_lines(lines: Sequence[str], name: str) -> str:  # noqa: ARG001
    """Any text can be continued."""
    from elman.text.boilerplate import boilerplate_in
    from elman.text.sniff import table_in

    around = boilerplate_in(lines)
    return table_in(lines) or (around.in_words if around else "running text")


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
        Option(
            "strip",
            bool,
            "Leave out dates of chats, times of subtitles, Gutenberg's licence (language models).",
            ("train", "test", "peek"),
        ),
        SHEET.on("train", "test", "peek"),
        COUNTS,
    ),
)
