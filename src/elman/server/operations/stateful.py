"""Stateful inference: sessions' states, as bytes, stepped side by side in one batch.

Shapes: N rows.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np


class StepInput(NamedTuple):
    """A text to feed to a state.

    Args:
        state: of the session.
        text: to feed.
        top_k: how many of the most probable outcomes to return.
        checkpoint: an earlier state, to be advanced in the same batch; may be empty.
        replayed: the texts that advance the checkpoint; none: it stays.
    """

    state: bytes
    text: str
    top_k: int
    checkpoint: bytes = b""
    replayed: Sequence[str] = ()


class StepResult(NamedTuple):
    answer: dict[str, Any]
    state: bytes
    checkpoint: bytes


class StatefulRunner(ABC):
    """Steps the sessions of one model.

    Args:
        model: one that predicts after every step, with `start` and `step_many`.

    Attributes:
        state_size: bytes of a state.
        initial_state: before any text.
    """

    def __init__(self, model: Any) -> None:
        self._model = model
        parts = model.start()
        self._layout = [(part.dtype, part.shape[1:], part.nbytes) for part in parts]
        self.state_size = sum(part.nbytes for part in parts)
        (self.initial_state,) = self._pack(parts)

    @abstractmethod
    def _answers(self, outputs: Any, counts: Sequence[int]) -> list[dict[str, Any]]:
        """The `count` most probable outcomes of each row of the model's outputs."""

    def step(self, inputs: Sequence[StepInput]) -> list[StepResult]:
        """Feed each text to its state. Checkpoints advance as further rows of the batch.

        Raises:
            EmptyTextError: for a text without tokens.
        """
        moving = [each for each in inputs if each.replayed]
        rows = [each.state for each in inputs] + [each.checkpoint for each in moving]
        texts = [each.text for each in inputs] + [each.replayed[0] for each in moving]
        outputs, states = self._model.step_many(texts, self._unpack(rows))
        answers = self._answers(outputs[: len(inputs)], [each.top_k for each in inputs])
        packed = self._pack(states)
        rest = zip(packed[len(inputs) :], (each.replayed[1:] for each in moving), strict=True)
        advanced = iter(self.replay(list(rest)))
        moved = [next(advanced) if each.replayed else each.checkpoint for each in inputs]
        return [
            StepResult(*each) for each in zip(answers, packed[: len(inputs)], moved, strict=True)
        ]

    def replay(self, inputs: Sequence[tuple[bytes, Sequence[str]]]) -> list[bytes]:
        """Each state after texts that were fed once before."""
        states = []
        for state, texts in inputs:
            for text in texts:
                ((_, state, _),) = self.step([StepInput(state, text, 1)])
            states.append(state)
        return states

    def _pack(self, states: Any) -> list[bytes]:
        """The state of each row as bytes: its parts, one after the other."""
        parts = map(np.ascontiguousarray, states)
        rows = [part.reshape(len(part), -1).view(np.uint8) for part in parts]
        return [row.tobytes() for row in np.concatenate(rows, axis=1)]

    def _unpack(self, rows: Sequence[bytes]) -> Any:
        """The states of N rows, as the model has them."""
        table = np.frombuffer(bytearray().join(rows), np.uint8).reshape(len(rows), self.state_size)
        parts, start = [], 0
        for dtype, shape, size in self._layout:
            part = np.ascontiguousarray(table[:, start : start + size]).view(dtype)
            parts.append(part.reshape(len(rows), *shape))
            start += size
        return tuple(parts)
