"""How a first look at running text is printed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from elman.cli.looks.notes import print_notes
from elman.cli.terminal import print_list, share_in_words, size_in_words

if TYPE_CHECKING:
    from elman.text import Peek


def print_text(found: Peek, looks: str) -> None:
    """Text to continue."""
    scripts = (f"{name} {share_in_words(each)}" for name, each in found.scripts.items())
    print_list(
        [
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
            ("scripts", ", ".join(scripts)),
        ]
    )
    if found.remark:
        columns = "its texts and labels are read if their columns are named: --text-column NAME"
        print_notes([f"it {found.remark}.", f"{columns} --label-column NAME."])
        looks = "Without these it is"
    print(f"\n{looks} text to continue: a language model.")
    print(f"As training text it is {found.amount}.")
    print(f"Unit: {found.unit} ({found.because}).")


def _characters(counts: list[tuple[str, int]]) -> str:
    return " ".join("space" if each == " " else repr(each)[1:-1] for each, _ in counts)
