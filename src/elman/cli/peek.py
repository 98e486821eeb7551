"""elman peek: what is in a text, before training on it."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from elman.cli.options import Encoding, Json, TextFiles
from elman.cli.terminal import print_json, print_list, share_in_words, size_in_words, working

if TYPE_CHECKING:
    from elman.text import Peek


def peek(text: TextFiles, encoding: Encoding = "utf-8", json: Json = False) -> None:
    """Say what is in a text, and what to do with it."""
    from elman.text import TextSource
    from elman.text.peek import peek as look

    with working("reading"):
        found = look(TextSource(text, encoding=encoding))
    if json:
        print_json(found.to_json())
        return
    print_list(_rows(found))
    if found.remark:
        print(f"\nNote: {found.remark}")
    print("\nIt looks like text to continue: a language model.")
    print(f"As training text it is {found.amount}.")
    print(f"Unit: {found.unit} ({found.because}).")
    files = " ".join(shlex.quote(str(file)) for file in text)
    if encoding != "utf-8":
        files += f" --encoding {encoding}"
    print(f"Next: elman train {files} -o model.safetensors --unit {found.unit}")


def _rows(found: Peek) -> list[tuple[str, str]]:
    return [
        ("documents", f"{found.documents:,}"),
        ("size", size_in_words(found.bytes)),
        ("characters", f"{found.characters:,}"),
        ("words", f"{found.words:,}"),
        ("lines", f"{found.lines:,}"),
        ("words a line", f"{found.words_a_line:.1f}"),
        ("longest line", f"{found.longest_line:,}"),
        ("duplicate lines", f"{found.duplicate_lines:.1%}"),
        ("distinct characters", f"{found.distinct_characters:,}"),
        ("commonest", _characters(found.commonest)),
        ("rarest", _characters(found.rarest)),
        (
            "scripts",
            ", ".join(f"{name} {share_in_words(share)}" for name, share in found.scripts.items()),
        ),
    ]


def _characters(counts: list[tuple[str, int]]) -> str:
    return " ".join("space" if each == " " else repr(each)[1:-1] for each, _ in counts)
