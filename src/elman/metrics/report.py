"""What `elman test` prints of any model: its scores, its baseline's, how sure the difference is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Evaluation:
    """The report of one model on one text.

    Attributes:
        task: the name of the model's task.
        examples: what was scored: tokens that were predicted, texts, words with a tag, or rows.
        scores: the field's names, as design.md has them.
        baseline: its `name` and the same scores; None where there is none.
        interval: of some scores, the 95 % interval of the model's less the baseline's.
        warnings: what a reader should know, such as why there is no baseline.
        details: tables that stand behind the scores, as plain data.
    """

    task: str
    examples: int
    scores: dict[str, float]
    baseline: dict[str, Any] | None = None
    interval: dict[str, tuple[float, float]] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    details: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return {
            "task": self.task,
            "examples": self.examples,
            "scores": self.scores,
            "baseline": self.baseline,
            "interval": {name: list(ends) for name, ends in self.interval.items()},
            "warnings": list(self.warnings),
            **({"details": self.details} if self.details else {}),
        }
