"""What the looks at several kinds of data have in common: notes, bad rows, held-out rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from elman.console.terminal import print_table, share_in_words

if TYPE_CHECKING:
    from elman.data.stats import Lengths


LISTED = 20  # labels, tags or series
_LONGEST_NAME = 40

Rows = list[tuple[str, str]]


def print_notes(notes: list[str]) -> None:
    """A paragraph of them, if there are any."""
    if notes:
        print()
    for note in notes:
        print(f"Note: {note}")


def skipped_rows(skipped: int, valid_skipped: int | None) -> Rows:
    """How many bad ones were left out, if any."""
    count = skipped + (valid_skipped or 0)
    return [("bad rows left out", f"{count:,}")] if count else []


def held_out_rows(what: str, count: int | None, in_both: int | None) -> Rows:
    """How many `what` are held out, and how many of them stand in the training data too."""
    if count is None or in_both is None:
        return []
    share = share_in_words(in_both / count) if in_both else "0%"
    return [
        (f"validation {what}", f"{count:,}"),
        ("of which in training too", f"{in_both:,} ({share})"),
    ]


def held_out_notes(what: str, in_both: int | None) -> list[str]:
    """What it means that some stand in both."""
    if not in_both:
        return []
    return [f"validation {what} that stand in training too make scores look better."]


def spread_in_words(median: int, long: int, longest: int) -> str:
    """Of lengths."""
    return f"{median:,} as a median, {long:,} at the 95th percentile, {longest:,} at most"


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


def spread(lengths: Lengths) -> str:
    return spread_in_words(lengths.median, lengths.long, lengths.longest)


def unknown_notes(what: str, name: str, unknown: dict[str, int] | None) -> list[str]:
    """The labels or tags that only held-out rows have."""
    if not unknown:
        return []
    named = ", ".join(map(cut, list(unknown)[:LISTED]))
    more = f" and {len(unknown) - LISTED:,} more" if len(unknown) > LISTED else ""
    return [f"no {name} of the training {what}, but in validation: {named}{more}."]
