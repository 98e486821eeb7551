"""A first look at labelled rows: how many of what, how long, how clean."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from elman.console.inspection import (
    held_out_notes,
    held_out_rows,
    print_notes,
    print_shares,
    skipped_rows,
    spread_in_words,
    unknown_notes,
)
from elman.console.terminal import counted, print_list, share_in_words
from elman.data.stats import hash_of, percentile
from elman.tasks.inspection import Inspection

if TYPE_CHECKING:
    from elman.text.labelled import LabelledSource


@dataclass(frozen=True)
class LabelledInspection(Inspection):
    """What a look at labelled rows found.

    Attributes:
        layout: how the rows are written, in words.
        labels: how many rows each has, the commonest first.
        majority: the share of the commonest, which always saying it would get right.
        median_length, long_length, longest: words in a text: the median, the 95th percentile, and
            the most there are.
        median_characters: of a text.
        duplicates: rows whose text and label stood in an earlier row already.
        conflicting_texts: texts that stand in several rows with different labels.
        skipped: bad rows that were left out.
        valid_rows: None where no validation rows were given; and so on.
        in_both: validation rows whose text stands in the training rows too.
        unknown_labels: how many validation rows have each label that no training row has.
        valid_skipped: bad validation rows.
    """

    layout: str
    rows: int
    labels: dict[str, int]
    majority: float
    median_length: int
    long_length: int
    longest: int
    median_characters: int
    duplicates: int
    conflicting_texts: int
    skipped: int
    valid_rows: int | None = None
    in_both: int | None = None
    unknown_labels: dict[str, int] | None = None
    valid_skipped: int | None = None

    @property
    def can_be_learned(self) -> bool:
        """Whether there are labels to tell apart."""
        return len(self.labels) > 1

    def show(self, looks: str) -> None:
        rows = [
            ("rows", f"{self.rows:,}"),
            ("labels", f"{len(self.labels):,}"),
            ("commonest label", f"{share_in_words(self.majority)} of the rows"),
            ("words a text", spread_in_words(self.median_length, self.long_length, self.longest)),
            ("characters a text", f"{self.median_characters:,} as a median"),
            ("duplicate rows", f"{self.duplicates:,}"),
            ("conflicting texts", f"{self.conflicting_texts:,}"),
        ]
        rows += skipped_rows(self.skipped, self.valid_skipped)
        print_list([*rows, *held_out_rows("rows", self.valid_rows, self.in_both)])
        print_shares("label", self.labels, "rows")
        notes = []
        if len(self.labels) == 1:
            notes.append("every row has the same label; rows of two or more are needed.")
        if self.conflicting_texts:
            texts = counted(self.conflicting_texts, "text stands", "texts stand")
            notes.append(f"{texts} there with different labels.")
        notes += held_out_notes("rows", self.in_both)
        print_notes([*notes, *unknown_notes("rows", "label", self.unknown_labels)])
        print(f"\n{looks} texts with a label each ({self.layout}): a classifier.")


def inspect_labelled(
    labelled: LabelledSource, valid: LabelledSource | None = None
) -> LabelledInspection:
    """Read labelled rows once and describe them, and what of them stands in `valid` as well.

    Raises:
        EmptyTextError: there are no rows.
        InputError: they cannot be read.
    """
    look = _LabelledStatistics(labelled)
    common = look.labels.most_common()
    found: dict[str, Any] = {}
    if valid is not None:
        others = _LabelledStatistics(valid)
        found = {
            "valid_rows": others.labels.total(),
            "in_both": sum(count for code, count in others.texts.items() if code in look.texts),
            "unknown_labels": {
                label: count
                for label, count in others.labels.most_common()
                if label not in look.labels
            },
            "valid_skipped": valid.skipped,
        }
    return LabelledInspection(
        layout=labelled.layout.in_words(),
        rows=look.labels.total(),
        labels=dict(common),
        majority=common[0][1] / look.labels.total(),
        median_length=percentile(look.words, 50),
        long_length=percentile(look.words, 95),
        longest=max(look.words),
        median_characters=percentile(look.characters, 50),
        duplicates=look.duplicates,
        conflicting_texts=len(look.conflicting),
        skipped=labelled.skipped,
        **found,
    )


class _LabelledStatistics:
    """Counts over the rows of a source; a row without a label counts under ''."""

    def __init__(self, source: LabelledSource) -> None:
        self.labels: Counter[str] = Counter()
        self.words: Counter[int] = Counter()
        self.characters: Counter[int] = Counter()
        self.texts: Counter[int] = Counter()
        self.conflicting: set[int] = set()
        self.duplicates = 0
        labels_of: dict[int, str] = {}  # the first label of each text
        seen: set[int] = set()  # texts with their labels
        for example in source.examples():
            label = example.label or ""
            self.labels[label] += 1
            self.words[len(example.text.split())] += 1
            self.characters[len(example.text)] += 1
            text = hash_of(example.text)
            self.texts[text] += 1
            if labels_of.setdefault(text, label) != label:
                self.conflicting.add(text)
            row = hash_of(f"{label}\n{example.text}")
            self.duplicates += row in seen
            seen.add(row)
