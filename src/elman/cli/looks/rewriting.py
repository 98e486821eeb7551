"""How a first look at pairs of texts, and at vectors with descriptions, is printed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from elman.cli.looks.notes import (
    held_out_notes,
    held_out_rows,
    print_notes,
    skipped_rows,
    spread_in_words,
)
from elman.cli.terminal import counted, print_list

if TYPE_CHECKING:
    from elman.text import PeekPairs, PeekVectors
    from elman.text.tallies import Lengths


def print_pairs(found: PeekPairs, looks: str) -> None:
    """Texts with another text each."""
    rows = [
        ("pairs", f"{found.rows:,}"),
        ("different sources", f"{found.sources:,}"),
        ("words a source", _spread(found.source_words)),
        ("words a target", _spread(found.target_words)),
        ("characters a source", _spread(found.source_characters)),
        ("characters a target", _spread(found.target_characters)),
        ("target to source", f"{found.ratio:.2f} characters to one, as a median"),
        ("duplicate pairs", f"{found.duplicates:,}"),
        ("sources with several targets", f"{found.ambiguous_sources:,}"),
        ("targets that are their source", f"{found.copies:,}"),
        ("lengths far off the median", f"{found.suspicious:,}"),
        *skipped_rows(found.skipped, found.valid_skipped),
        *held_out_rows("pairs", found.valid_rows, found.in_both),
    ]
    print_list(rows)
    notes = []
    if not found.can_be_learned:
        notes.append("there is one source only; two or more are needed.")
    if found.suspicious:
        pairs = counted(found.suspicious, "pair has lengths", "pairs have lengths")
        notes.append(f"{pairs} that hardly go together; the first is {found.first_suspicious}.")
    print_notes([*notes, *held_out_notes("sources", found.in_both)])
    print(f"\n{looks} texts with another text each ({found.layout}): a translator.")


def print_vectors(found: PeekVectors, looks: str) -> None:
    """Vectors with a text each."""
    rows = [
        ("vectors", f"{found.rows:,}"),
        ("different vectors", f"{found.vectors:,}"),
        ("numbers a vector", f"{found.width:,}, from {found.least:g} to {found.greatest:g}"),
        ("numbers that never vary", f"{found.never_vary:,}"),
        ("different descriptions", f"{found.descriptions:,}"),
        ("words a description", _spread(found.words)),
        ("characters a description", _spread(found.characters)),
        ("duplicate rows", f"{found.duplicates:,}"),
        ("vectors described in several ways", f"{found.ambiguous_vectors:,}"),
        *skipped_rows(found.skipped, found.valid_skipped),
        *held_out_rows("vectors", found.valid_rows, found.in_both),
    ]
    print_list(rows)
    notes = []
    if not found.can_be_learned:
        notes.append("all vectors are the same; two or more are needed.")
    print_notes([*notes, *held_out_notes("vectors", found.in_both)])
    print(f"\n{looks} vectors with a text each: a describer.")


def _spread(lengths: Lengths) -> str:
    return spread_in_words(lengths.median, lengths.long, lengths.longest)
