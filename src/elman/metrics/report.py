"""The result of `elman test`: scores, baseline, confidence intervals of the differences."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Evaluation:
    """The evaluation of one model on one text.

    Attributes:
        task: of the model.
        examples: the number scored, of predicted tokens, texts, tagged words or rows.
        scores: by name.
        baseline: its `name` and the same scores; None without a baseline.
        interval: for some scores, the 95 % interval of the difference to the baseline.
        warnings: such as why there is no baseline.
        details: tables behind the scores, as plain data.
    """

    task: str
    examples: int
    scores: dict[str, float]
    baseline: dict[str, Any] | None = None
    interval: dict[str, tuple[float, float]] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    details: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """As plain data; `details` only if there are any."""
        return {
            "task": self.task,
            "examples": self.examples,
            "scores": self.scores,
            "baseline": self.baseline,
            "interval": {name: list(ends) for name, ends in self.interval.items()},
            "warnings": list(self.warnings),
            **({"details": self.details} if self.details else {}),
        }
