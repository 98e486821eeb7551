"""What a session's model reads: rows of states as bytes, a text for each, read side by side.

Shapes: N rows, V vocabulary, K classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch

from elman.cells import state_like, state_tensors
from elman.server.schemas import Class, Token
from elman.tasks.classification.model import Classifier
from elman.tasks.language_modeling.model import LanguageModel
from elman.text.tokenizers.tokenizer import Tokenizer


class Read(NamedTuple):
    """A text to be read on from a state, and how many of the likeliest are wanted then."""

    state: bytes
    text: str
    likeliest: int
    mark: bytes = b""  # a state that follows, and the texts that it passes meanwhile
    passed: Sequence[str] = ()


class Outcome(NamedTuple):
    answer: dict[str, Any]
    state: bytes
    mark: bytes


class Streams:
    """Streams of one model.

    Args:
        model: a language model, or a classifier that reads in one direction.
    """

    def __init__(self, model: LanguageModel | Classifier) -> None:
        self._model = model
        self._like = model.start()
        parts = [part.numpy(force=True) for part in state_tensors(self._like)]
        self._layout = [(part.dtype, part.shape[1:], part.nbytes) for part in parts]
        self.size = sum(part.nbytes for part in parts)
        (self.beginning,) = self._packed(self._like)

    def read(self, given: Sequence[Read]) -> list[Outcome]:
        """What each expects after its text, and its state then. Marks go along as other rows.

        Raises:
            EmptyTextError: for a text without anything to read.
        """
        following = [each for each in given if each.passed]
        rows = [each.state for each in given] + [each.mark for each in following]
        texts = [each.text for each in given] + [each.passed[0] for each in following]
        states = self._opened(rows)
        counts = [each.likeliest for each in given]
        answers: list[dict[str, Any]]
        if isinstance(self._model, Classifier):
            labels = self._model.classes_.tolist()
            spread, states = self._model.step_many(texts, states)
            answers = [{"classes": classes(labels, row)} for row in spread[: len(given)]]
            for answer, count in zip(answers, counts, strict=True):
                del answer["classes"][count:]
        else:
            logs, states = self._model.step_many(texts, states)
            best = logs[: len(given)].topk(min(max(counts), logs.shape[1]), dim=1)
            tokenizer = self._model.tokenizer_
            likeliest = zip(best.values.exp().tolist(), best.indices.tolist(), counts, strict=True)
            answers = [{"next": tokens(tokenizer, *row)} for row in likeliest]
        packed = self._packed(states)
        passed = zip(packed[len(given) :], (each.passed[1:] for each in following), strict=True)
        followed = iter(self.replay(list(passed)))
        marks = [next(followed) if each.passed else each.mark for each in given]
        return [Outcome(*each) for each in zip(answers, packed[: len(given)], marks, strict=True)]

    def replay(self, given: Sequence[tuple[bytes, Sequence[str]]]) -> list[bytes]:
        """Each state after texts that were read once before."""
        found = []
        for state, texts in given:
            for text in texts:
                ((_, state, _),) = self.read([Read(state, text, 1)])
            found.append(state)
        return found

    def _packed(self, states: Any) -> list[bytes]:
        """Of each row all parts, one after the other."""
        parts = [part.contiguous().numpy(force=True) for part in state_tensors(states)]
        rows = [part.reshape(len(part), -1).view(np.uint8) for part in parts]
        return [row.tobytes() for row in np.concatenate(rows, axis=1)]

    def _opened(self, rows: Sequence[bytes]) -> Any:
        table = np.frombuffer(bytearray().join(rows), np.uint8).reshape(len(rows), self.size)
        tensors, begin = [], 0
        for dtype, shape, size in self._layout:
            part = np.ascontiguousarray(table[:, begin : begin + size]).view(dtype)
            tensors.append(torch.from_numpy(part.reshape(len(rows), *shape)))
            begin += size
        return state_like(self._like, tensors)


def classes(labels: Sequence[Any], probabilities: Any) -> list[Class]:
    """The classes with their probabilities (K,), the likeliest first."""
    order = np.argsort(-probabilities, kind="stable").tolist()
    chances = probabilities.tolist()
    return [{"label": labels[place], "probability": chances[place]} for place in order]


def tokens(
    tokenizer: Tokenizer, chances: Sequence[float], places: Sequence[int], count: int
) -> list[Token]:
    """The likeliest tokens as text, with their probabilities."""
    found = zip(places[:count], chances, strict=False)
    return [{"text": tokenizer.decode([place]), "probability": chance} for place, chance in found]
