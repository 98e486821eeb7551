"""One line of what is written: its characters, and where the network stands in it.

Shapes: N tokens of a line.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from elman.cells import state_tensors
from elman.decoding.suggester import ContextPosition, Suggester
from elman.keyboard.memory import Evidence
from elman.keyboard.observations import Observation

KEPT = 32  # places to which a keyboard returns without reading the line again


class CurrentLine:
    """What is read once is not read again, while the line grows at its end and shrinks.

    Args:
        begun: the place after the lines before; None where there are none.

    Attributes:
        text: the line so far.
        brought: of each character whether a suggestion brought it.
        whole: its beginning of whole words.
        observations: the observations in `whole`, each with its evidence.
        spaced: whether its last character is the space that came with a suggestion.
    """

    def __init__(self, suggester: Suggester, begun: ContextPosition | None) -> None:
        self._suggester = suggester
        self._begun = begun
        self._read: list[tuple[npt.NDArray[Any], ContextPosition]] = []
        self.text = ""
        self.brought: list[bool] = []
        self.whole = ""
        self.observations: list[tuple[Observation, Evidence]] = []
        self.spaced = False

    def append(self, text: str, *, brought: bool) -> None:
        self.text += text
        self.brought += [brought] * len(text)

    def drop_last(self) -> bool:
        """Take the last character away; whether a suggestion had brought it."""
        self.text = self.text[:-1]
        self.spaced = False
        return self.brought.pop()

    def place(self, context: str) -> ContextPosition:
        """Where the network stands after a beginning of this line."""
        tokens = self._tokens(context)
        while self._read and not _begins(tokens, self._read[-1][0]):
            self._read.pop()
        done, place = len(self._read[-1][0]) if self._read else 0, self._begun
        if self._read:
            place = self._read[-1][1]
        if place is None or done < len(tokens):
            place = self._suggester.read(tokens[done:], place)
            self._read = [*self._read, (tokens, place)][-KEPT:]
        return place

    def end(self) -> ContextPosition | None:
        """Where the next line begins; lines with nothing in them are not read. Places within this
        line are let go: who comes back to it reads it again."""
        place = self.place(self.text) if self.text else self._begun
        self._read = []
        return place

    @property
    def place_bytes(self) -> int:
        """Of the places that are kept."""
        places = [place for _, place in self._read]
        if self._begun is not None:
            places.append(self._begun)
        each = sum(tensor.nbytes for tensor in state_tensors(places[0])) if places else 0
        return len(places) * each

    def _tokens(self, context: str) -> npt.NDArray[Any]:
        """(N,), from where the line begins."""
        if self._begun is None:
            return self._suggester.tokens(context)
        return self._suggester.tokenizer.encode("\n" + context)


def _begins(tokens: npt.NDArray[Any], with_: npt.NDArray[Any]) -> bool:
    return np.array_equal(tokens[: len(with_)], with_)
