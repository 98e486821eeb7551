"""The distribution of the next token.

Shapes: V vocabulary.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from elman.text.tokenizers.tokenizer import Tokenizer


@dataclass(frozen=True, eq=False)
class NextTokenDistribution:
    """Distribution of the next token.

    Attributes:
        log_probabilities: (V,) of every token, in nats.
        tokenizer: the vocabulary of the V tokens.
    """

    log_probabilities: npt.NDArray[np.float32]
    tokenizer: Tokenizer

    def top(self, count: int = 3) -> list[tuple[str, float]]:
        """The `count` most probable next tokens as text, each with its probability."""
        best = np.argsort(-self.log_probabilities, kind="stable")[:count].tolist()
        return [
            (self.tokenizer.decode([i]), float(np.exp(self.log_probabilities[i]))) for i in best
        ]
