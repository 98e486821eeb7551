"""Continuous batching: texts that start and end at different times share each step.

Shapes: B rows, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from elman.decoding.generation import GenerationState
from elman.decoding.prompts import from_beginning, split_prefix
from elman.decoding.sampling import Sampling
from elman.nn.compiled.language_model import CompiledLanguageModel
from elman.nn.compiled.network import State, joined, rows_of
from elman.text.tokenizers.tokenizer import Tokenizer


@dataclass(eq=False)
class ContinuedText:
    """One text of the batch. Set `left` to 0 to end it with the next round."""

    text: GenerationState
    generator: np.random.Generator
    left: int  # most tokens still to generate
    logits: npt.NDArray[np.float32]  # (V,) of its next token
    state: State  # of one row, until it joins the batch


class BatchedGenerator:
    """Generates several continuations with one network, one row of the batch each.

    Args:
        network: of a language model.
        tokenizer: its vocabulary.
    """

    def __init__(self, network: CompiledLanguageModel, tokenizer: Tokenizer) -> None:
        self._network, self._tokenizer = network, tokenizer
        self._rows: list[ContinuedText] = []
        self._joining: list[ContinuedText] = []
        self._stream: Any = None

    def begin(
        self, prompt: str, *, length: int, sampling: Sampling, stop: Sequence[str], seed: int | None
    ) -> ContinuedText:
        """Read a prompt; the next rounds generate its continuation.

        Args:
            prompt, length, stop, seed: as in `LanguageModel.generate`.
            sampling: how each token is drawn.
        """
        context, prefix = split_prefix(prompt, self._tokenizer)
        tokens = from_beginning(context, self._tokenizer)
        logits, state = self._network.read([tokens], self._network.initial_state(1))
        text = GenerationState(tokens, self._tokenizer, sampling, stop, prefix)
        first = text.first(logits[0])
        started = ContinuedText(text, np.random.default_rng(seed), length, first, state)
        self._joining.append(started)
        return started

    @property
    def busy(self) -> bool:
        """Whether a round would generate anything."""
        return bool(self._rows or self._joining)

    def round(self) -> list[tuple[ContinuedText, str, bool]]:
        """Generate a token of every text: the text that it adds, and whether it was the last."""
        self._rearrange()
        results, tokens = [], []
        for row in self._rows:
            token, piece = 0, ""
            if row.left > 0:
                token, piece = row.text.draw(row.logits, row.generator.random())
                row.left -= 1
            ends = row.text.finished or row.left <= 0
            if ends:
                piece += row.text.finish()
                row.left = 0
            tokens.append(token)
            results.append((row, piece, ends))
        if any(row.left for row in self._rows):
            logits = self._stream.read(tokens)
            for row, row_logits in zip(self._rows, logits, strict=True):
                row.logits = row_logits
        return results

    def _rearrange(self) -> None:
        """Remove rows that have ended and add those that have started."""
        active = [index for index, row in enumerate(self._rows) if row.left > 0]
        if len(active) == len(self._rows) and not self._joining:
            return
        states = [row.state for row in self._joining]
        if active:
            states = [rows_of(self._stream.state, active), *states]
        # Indexing copies, so the steps of the next stream do not overwrite these states.
        self._rows = [self._rows[index] for index in active] + self._joining
        self._joining = []
        if self._rows:
            self._stream = self._network.stream(joined(states))
        for row in self._rows:
            row.state = ()
