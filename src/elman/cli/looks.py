"""How a first look is printed: at a text, at labelled rows, at tagged sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from elman.cli.terminal import counted, print_list, print_table, share_in_words, size_in_words

if TYPE_CHECKING:
    from elman.text import Peek, PeekLabelled, PeekTagged

    Look = Peek | PeekLabelled | PeekTagged

_LISTED = 20  # labels or tags
_LONGEST_NAME = 40
_WIDEST_BAR = 30
_FORMATS = {"conll": "CoNLL", "conllu": "CoNLL-U"}

Rows = list[tuple[str, str]]


def print_look(found: Look, looks: str) -> None:
    """What was found, and what it is for.

    Args:
        looks: how that is known, such as 'It looks like'.
    """
    from elman.text import PeekLabelled, PeekTagged

    if isinstance(found, PeekLabelled):
        _print_labelled(found)
        print(f"\n{looks} texts with a label each ({found.layout}): a classifier.")
    elif isinstance(found, PeekTagged):
        _print_tagged(found)
        print(f"\n{looks} words with a tag each ({_FORMATS[found.shape]}): a tagger.")
    else:
        _print_text(found)
        if found.remark:
            looks = "Without these it is"
        print(f"\n{looks} text to continue: a language model.")
        print(f"As training text it is {found.amount}.")
        print(f"Unit: {found.unit} ({found.because}).")


def can_be_learned(found: Look) -> bool:
    """Whether there is something to tell apart, or to continue."""
    from elman.text import PeekLabelled, PeekTagged

    if isinstance(found, PeekLabelled):
        return len(found.labels) > 1
    return not isinstance(found, PeekTagged) or len(found.tags) > 1


def _print_text(found: Peek) -> None:
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
            (
                "scripts",
                ", ".join(f"{name} {share_in_words(each)}" for name, each in found.scripts.items()),
            ),
        ]
    )
    if found.remark:
        columns = "its texts and labels are read if their columns are named: --text-column NAME"
        _print_notes([f"it {found.remark}.", f"{columns} --label-column NAME."])


def _print_labelled(found: PeekLabelled) -> None:
    rows = [
        ("rows", f"{found.rows:,}"),
        ("labels", f"{len(found.labels):,}"),
        ("commonest label", f"{share_in_words(found.majority)} of the rows"),
        ("words a text", _lengths(found)),
        ("characters a text", f"{found.median_characters:,} as a median"),
        ("duplicate rows", f"{found.duplicates:,}"),
        ("conflicting texts", f"{found.conflicting_texts:,}"),
    ]
    print_list([*rows, *_skipped(found), *_held_out(found, found.valid_rows, "rows")])
    _print_shares("label", found.labels, "rows")
    notes = []
    if len(found.labels) == 1:
        notes.append("every row has the same label; rows of two or more are needed.")
    if found.conflicting_texts:
        texts = counted(found.conflicting_texts, "text stands", "texts stand")
        notes.append(f"{texts} there with different labels.")
    _print_notes([*notes, *_held_out_notes(found, "rows", "label", found.unknown_labels)])


def _print_tagged(found: PeekTagged) -> None:
    scheme = "none, each tag is a word's own" if found.scheme == "plain" else found.scheme
    rows = [
        ("sentences", f"{found.sentences:,}"),
        ("words", f"{found.words:,}"),
        ("tags", f"{len(found.tags):,}"),
        ("scheme", scheme),
        ("illegal tags", _illegal(found)),
        ("words a sentence", _lengths(found)),
        ("duplicate sentences", f"{found.duplicates:,}"),
    ]
    print_list([*rows, *_skipped(found), *_held_out(found, found.valid_sentences, "sentences")])
    _print_shares("tag", found.tags, "words")
    if found.first_illegal:
        print("\nThe first illegal tags:")
        for each in found.first_illegal:
            print(f"  {each}")
    notes = []
    if len(found.tags) < 2:
        tags = "one tag only" if found.tags else "no tags"
        notes.append(f"the words have {tags}; two or more are needed.")
    _print_notes([*notes, *_held_out_notes(found, "sentences", "tag", found.unknown_tags)])


def _characters(counts: list[tuple[str, int]]) -> str:
    return " ".join("space" if each == " " else repr(each)[1:-1] for each, _ in counts)


def _lengths(found: PeekLabelled | PeekTagged) -> str:
    median, most = f"{found.median_length:,} as a median", f"{found.longest:,} at most"
    return f"{median}, {found.long_length:,} at the 95th percentile, {most}"


def _illegal(found: PeekTagged) -> str:
    if not found.illegal:
        return "0"
    return f"{found.illegal:,} in {counted(found.illegal_sentences, 'sentence', 'sentences')}"


def _skipped(found: PeekLabelled | PeekTagged) -> Rows:
    skipped = found.skipped + (found.valid_skipped or 0)
    return [("bad rows left out", f"{skipped:,}")] if skipped else []


def _held_out(found: PeekLabelled | PeekTagged, count: int | None, what: str) -> Rows:
    if count is None or found.in_both is None:
        return []
    share = share_in_words(found.in_both / count) if found.in_both else "0%"
    return [
        (f"validation {what}", f"{count:,}"),
        ("of which in training too", f"{found.in_both:,} ({share})"),
    ]


def _held_out_notes(
    found: PeekLabelled | PeekTagged, what: str, name: str, unknown: dict[str, int] | None
) -> list[str]:
    notes = []
    if found.in_both:
        notes.append(f"validation {what} that stand in training too make scores look better.")
    if unknown:
        named = ", ".join(map(_cut, list(unknown)[:_LISTED]))
        more = f" and {len(unknown) - _LISTED:,} more" if len(unknown) > _LISTED else ""
        notes.append(f"no {name} of the training {what}, but in validation: {named}{more}.")
    return notes


def _print_notes(notes: list[str]) -> None:
    if notes:
        print()
    for note in notes:
        print(f"Note: {note}")


def _print_shares(name: str, counts: dict[str, int], what: str) -> None:
    """The commonest, each with a bar as long as its share of the commonest one."""
    if not counts:
        return
    total, most = sum(counts.values()), max(counts.values())
    print()
    table = [[name, what, "share", ""]]
    for each, count in list(counts.items())[:_LISTED]:
        bar = "#" * max(1, round(_WIDEST_BAR * count / most))
        table.append(
            [_cut(each), f"{count:,}", share_in_words(count / total), bar.ljust(_WIDEST_BAR)]
        )
    print_table(table)
    rest = list(counts.values())[_LISTED:]
    if rest:
        each = f"{rest[-1]:,} to {rest[0]:,}" if rest[0] > rest[-1] else f"{rest[0]:,}"
        print(f"and {len(rest):,} more of {each} each")


def _cut(name: str) -> str:
    name = " ".join(name.split())
    return name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…"
