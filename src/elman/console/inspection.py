"""Print the statistics of data: notes, lengths and the commonest labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from elman.console.terminal import print_table, share_in_words

if TYPE_CHECKING:
    from elman.data.stats import Lengths


LISTED = 20  # labels, tags or series
_LONGEST_NAME = 40


def print_notes(notes: list[str]) -> None:
    """A paragraph of them, if there are any."""
    if notes:
        print()
    for note in notes:
        print(f"Note: {note}")


def spread(lengths: Lengths) -> str:
    """The distribution of lengths in words."""
    return (
        f"{lengths.median:,} as a median, {lengths.long:,} at the 95th percentile, "
        f"{lengths.longest:,} at most"
    )


def cut(name: str) -> str:
    """A name on one line, of some 40 characters."""
    name = " ".join(name.split())
    return name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…"


_WIDEST_BAR = 30


def print_shares(name: str, counts: dict[str, int], what: str) -> None:
    """The commonest, each with a bar as long as its share of the commonest one."""
    if not counts:
        return
    total, most = sum(counts.values()), max(counts.values())
    print()
    table = [[name, what, "share", ""]]
    for each, count in list(counts.items())[:LISTED]:
        bar = "#" * max(1, round(_WIDEST_BAR * count / most))
        table.append(
            [cut(each), f"{count:,}", share_in_words(count / total), bar.ljust(_WIDEST_BAR)]
        )
    print_table(table)
    rest = list(counts.values())[LISTED:]
    if rest:
        each = f"{rest[-1]:,} to {rest[0]:,}" if rest[0] > rest[-1] else f"{rest[0]:,}"
        print(f"and {len(rest):,} more of {each} each")
