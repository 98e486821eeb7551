"""The result of `elman peek` for any task."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass, field
from typing import Any

from elman.console.inspection import LISTED, cut, print_notes
from elman.console.terminal import print_list, share_in_words


@dataclass(frozen=True)
class Inspection(ABC):
    """Statistics of data files; each task adds its fields."""

    @property
    @abstractmethod
    def can_be_learned(self) -> bool:
        """Whether a model can be trained on them."""

    @property
    def suggested_options(self) -> dict[str, str]:
        """Suggested options of `elman train`, by name."""
        return {}

    @abstractmethod
    def show(self, looks: str) -> None:
        """Print the statistics.

        Args:
            looks: the beginning of the last sentence, such as 'It looks like'.
        """

    def to_json(self) -> dict[str, Any]:
        """The statistics as plain data."""
        return asdict(self)


@dataclass(frozen=True)
class ValidationCheck:
    """Validation data beside the training data.

    Attributes:
        examples: the number of validation examples.
        in_both: those whose input is in the training data too.
        skipped: bad ones that were left out.
        unknown: how often each label or tag occurs that the training data lacks.
    """

    examples: int
    in_both: int
    skipped: int
    unknown: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class ExamplesInspection(Inspection):
    """Statistics of data made of examples.

    Attributes:
        duplicates: examples that occurred before.
        skipped: bad ones that were left out.
        valid: None without validation data.
    """

    duplicates: int
    skipped: int
    valid: ValidationCheck | None

    def show_list(self, unit: str, rows: list[tuple[str, str]]) -> None:
        """Print rows of statistics, then what was left out and what is in both data sets.

        Args:
            unit: an example, in the plural.
            rows: labels and values.
        """
        skipped, valid = self.skipped, self.valid
        if valid is not None:
            skipped += valid.skipped
        if skipped:
            rows.append(("bad rows left out", f"{skipped:,}"))
        if valid is not None:
            share = share_in_words(valid.in_both / valid.examples) if valid.in_both else "0%"
            rows += [
                (f"validation {unit}", f"{valid.examples:,}"),
                ("of which in training too", f"{valid.in_both:,} ({share})"),
            ]
        print_list(rows)

    def show_notes(self, unit: str, notes: list[str], label: str = "label") -> None:
        """Print notes, then those on the validation data.

        Args:
            unit: an input, in the plural.
            notes: sentences.
            label: what `unknown` counts.
        """
        if self.valid is not None and self.valid.in_both:
            notes.append(f"validation {unit} that are in training too make scores look better.")
        unknown = list(self.valid.unknown) if self.valid is not None else []
        if unknown:
            named = ", ".join(map(cut, unknown[:LISTED]))
            more = f" and {len(unknown) - LISTED:,} more" if len(unknown) > LISTED else ""
            notes.append(f"no training example has these {label}s of validation: {named}{more}.")
        print_notes(notes)
