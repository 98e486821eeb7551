"""The line being written: its characters, and the position of the network after it.

Shapes: N tokens of a line.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from elman.decoding.suggester import ContextPosition, Suggester
from elman.keyboard.memory import Evidence
from elman.keyboard.observations import Observation

MAX_POSITIONS = 32  # cached; the keyboard returns to these without reading the line again


class CurrentLine:
    """A line that grows and shrinks at its end. The network reads each token of it once.

    Args:
        suggester: of the model.
        start: position after the lines before; None for the first line.

    Attributes:
        text: the line so far.
        accepted: whether each character came with a suggestion.
        learned_text: the start of the line whose words were learned.
        observations: the observations in `learned_text`, each with its evidence.
        auto_space: whether the last character is the space that came with a suggestion.
    """

    def __init__(self, suggester: Suggester, start: ContextPosition | None) -> None:
        self._suggester = suggester
        self._start = start
        self._cached: list[tuple[npt.NDArray[Any], ContextPosition]] = []
        self.text = ""
        self.accepted: list[bool] = []
        self.learned_text = ""
        self.observations: list[tuple[Observation, Evidence]] = []
        self.auto_space = False

    def append(self, text: str, *, accepted: bool) -> None:
        """Append text, typed or accepted from a suggestion."""
        self.text += text
        self.accepted += [accepted] * len(text)

    def drop_last(self) -> bool:
        """Remove the last character; returns whether it came with a suggestion."""
        self.text = self.text[:-1]
        self.auto_space = False
        return self.accepted.pop()

    def position(self, context: str) -> ContextPosition:
        """Position of the network after a context, which is a start of this line."""
        tokens = self._tokens(context)
        while self._cached and not _starts_with(tokens, self._cached[-1][0]):
            self._cached.pop()
        done, position = self._cached[-1] if self._cached else (tokens[:0], self._start)
        if position is None or len(done) < len(tokens):
            position = self._suggester.read(tokens[len(done) :], position)
            self._cached = [*self._cached, (tokens, position)][-MAX_POSITIONS:]
        return position

    def end(self) -> ContextPosition | None:
        """Position where the next line starts. An empty line is not read. Clears the cached
        positions: if the user comes back to this line, the network reads it again."""
        position = self.position(self.text) if self.text else self._start
        self._cached = []
        return position

    @property
    def state_bytes(self) -> int:
        """Bytes of all cached positions."""
        positions = [position for _, position in self._cached]
        if self._start is not None:
            positions.append(self._start)
        return sum(part.nbytes for each in positions for part in (each.logits, *each.state))

    def _tokens(self, context: str) -> npt.NDArray[Any]:
        """Tokens (N,) of a context, from the start of the line."""
        if self._start is None:
            return self._suggester.tokens(context)
        return self._suggester.tokenizer.encode("\n" + context)


def _starts_with(tokens: npt.NDArray[Any], prefix: npt.NDArray[Any]) -> bool:
    return np.array_equal(tokens[: len(prefix)], prefix)
