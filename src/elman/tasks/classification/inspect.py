"""A first look at labelled rows: how many of what, how long, how clean."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from elman.console.inspection import print_shares, spread
from elman.console.terminal import counted, share_in_words
from elman.data.stats import Lengths, hash_of, missing_in, percentile
from elman.tasks.inspection import ExamplesInspection, ValidationCheck

if TYPE_CHECKING:
    from elman.text.labelled import LabelledSource


@dataclass(frozen=True)
class LabelledInspection(ExamplesInspection):
    """What a look at labelled rows found.

    Attributes:
        layout: how the rows are written, in words.
        labels: how many rows each has, the commonest first.
        majority: the share of the commonest, which always saying it would get right.
        words: in a text.
        median_characters: of a text.
        conflicting_texts: texts in several rows with different labels.
    """

    layout: str
    rows: int
    labels: dict[str, int]
    majority: float
    words: Lengths
    median_characters: int
    conflicting_texts: int

    @property
    def can_be_learned(self) -> bool:
        """Whether there are labels to tell apart."""
        return len(self.labels) > 1

    def show(self, looks: str) -> None:
        rows = [
            ("rows", f"{self.rows:,}"),
            ("labels", f"{len(self.labels):,}"),
            ("commonest label", f"{share_in_words(self.majority)} of the rows"),
            ("words a text", spread(self.words)),
            ("characters a text", f"{self.median_characters:,} as a median"),
            ("duplicate rows", f"{self.duplicates:,}"),
            ("conflicting texts", f"{self.conflicting_texts:,}"),
        ]
        self.show_list("rows", rows)
        print_shares("label", self.labels, "rows")
        notes = []
        if len(self.labels) == 1:
            notes.append("every row has the same label; rows of two or more are needed.")
        if self.conflicting_texts:
            texts = counted(self.conflicting_texts, "text has", "texts have")
            notes.append(f"{texts} different labels in different rows.")
        self.show_notes("texts", notes)
        print(f"\n{looks} texts with a label each ({self.layout}): a classifier.")


def inspect_source(
    labelled: LabelledSource, valid: LabelledSource | None = None
) -> LabelledInspection:
    """Read labelled rows once and describe them, and what of them stands in `valid` as well.

    Raises:
        EmptyTextError: there are no rows.
        InputError: they cannot be read.
    """
    look = _LabelledStatistics(labelled)
    common = look.labels.most_common()
    check = None
    if valid is not None:
        others = _LabelledStatistics(valid)
        check = ValidationCheck(
            examples=others.labels.total(),
            in_both=sum(count for code, count in others.texts.items() if code in look.texts),
            skipped=valid.skipped,
            unknown=missing_in(look.labels, others.labels),
        )
    return LabelledInspection(
        layout=labelled.layout.in_words(),
        rows=look.labels.total(),
        labels=dict(common),
        majority=common[0][1] / look.labels.total(),
        words=Lengths.of(look.words),
        median_characters=percentile(look.characters, 50),
        duplicates=look.duplicates,
        conflicting_texts=len(look.conflicting),
        skipped=labelled.skipped,
        valid=check,
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
