"""How a first look at labelled rows and at tagged sentences is printed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from elman.cli.looks.notes import (
    LISTED,
    cut,
    held_out_notes,
    held_out_rows,
    print_notes,
    skipped_rows,
    spread_in_words,
)
from elman.cli.terminal import counted, print_list, print_table, share_in_words

if TYPE_CHECKING:
    from elman.text import PeekLabelled, PeekTagged

_WIDEST_BAR = 30
_FORMATS = {"conll": "CoNLL", "conllu": "CoNLL-U"}


def print_labelled(found: PeekLabelled, looks: str) -> None:
    """Texts with a label each."""
    rows = [
        ("rows", f"{found.rows:,}"),
        ("labels", f"{len(found.labels):,}"),
        ("commonest label", f"{share_in_words(found.majority)} of the rows"),
        ("words a text", spread_in_words(found.median_length, found.long_length, found.longest)),
        ("characters a text", f"{found.median_characters:,} as a median"),
        ("duplicate rows", f"{found.duplicates:,}"),
        ("conflicting texts", f"{found.conflicting_texts:,}"),
    ]
    rows += skipped_rows(found.skipped, found.valid_skipped)
    print_list([*rows, *held_out_rows("rows", found.valid_rows, found.in_both)])
    _print_shares("label", found.labels, "rows")
    notes = []
    if len(found.labels) == 1:
        notes.append("every row has the same label; rows of two or more are needed.")
    if found.conflicting_texts:
        texts = counted(found.conflicting_texts, "text stands", "texts stand")
        notes.append(f"{texts} there with different labels.")
    notes += held_out_notes("rows", found.in_both)
    print_notes([*notes, *_unknown("rows", "label", found.unknown_labels)])
    print(f"\n{looks} texts with a label each ({found.layout}): a classifier.")


def print_tagged(found: PeekTagged, looks: str) -> None:
    """Words with a tag each."""
    scheme = "none, each tag is a word's own" if found.scheme == "plain" else found.scheme
    lengths = spread_in_words(found.median_length, found.long_length, found.longest)
    rows = [
        ("sentences", f"{found.sentences:,}"),
        ("words", f"{found.words:,}"),
        ("tags", f"{len(found.tags):,}"),
        ("scheme", scheme),
        ("illegal tags", _illegal(found)),
        ("words a sentence", lengths),
        ("duplicate sentences", f"{found.duplicates:,}"),
    ]
    rows += skipped_rows(found.skipped, found.valid_skipped)
    print_list([*rows, *held_out_rows("sentences", found.valid_sentences, found.in_both)])
    _print_shares("tag", found.tags, "words")
    if found.first_illegal:
        print("\nThe first illegal tags:")
        for each in found.first_illegal:
            print(f"  {each}")
    notes = []
    if len(found.tags) < 2:
        tags = "one tag only" if found.tags else "no tags"
        notes.append(f"the words have {tags}; two or more are needed.")
    notes += held_out_notes("sentences", found.in_both)
    print_notes([*notes, *_unknown("sentences", "tag", found.unknown_tags)])
    print(f"\n{looks} words with a tag each ({_FORMATS[found.shape]}): a tagger.")


def _illegal(found: PeekTagged) -> str:
    if not found.illegal:
        return "0"
    return f"{found.illegal:,} in {counted(found.illegal_sentences, 'sentence', 'sentences')}"


def _unknown(what: str, name: str, unknown: dict[str, int] | None) -> list[str]:
    """The labels or tags that only held-out rows have."""
    if not unknown:
        return []
    named = ", ".join(map(cut, list(unknown)[:LISTED]))
    more = f" and {len(unknown) - LISTED:,} more" if len(unknown) > LISTED else ""
    return [f"no {name} of the training {what}, but in validation: {named}{more}."]


def _print_shares(name: str, counts: dict[str, int], what: str) -> None:
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
