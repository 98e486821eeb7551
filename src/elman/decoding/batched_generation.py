"""Texts written side by side that neither begin nor end together: one step reads a token of each.

Shapes: B rows, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from elman.cells import map_state
from elman.decoding.generation import GenerationState
from elman.decoding.incremental import read
from elman.decoding.prompts import from_beginning, split_prefix
from elman.decoding.sampling import Sampling
from elman.nn.blocks import NetworkState
from elman.nn.language_model import LanguageModelNetwork
from elman.nn.native_step import Step, stream_of
from elman.text.tokenizers.tokenizer import Tokenizer


@dataclass(eq=False)
class ContinuedText:
    """One of the texts. Whoever asked for it may set `left` to 0: it ends with the next round."""

    hand: GenerationState
    generator: np.random.Generator
    left: int  # tokens to write at most
    logits: npt.NDArray[np.float32]  # (V,) of its next token
    state: NetworkState  # of one row, where it joins


class BatchedGenerator:
    """Continuations of one network, each in the row that is its own as long as it lasts.

    Args:
        step: the network's.
    """

    def __init__(self, network: LanguageModelNetwork, tokenizer: Tokenizer, step: Step) -> None:
        self._network, self._tokenizer, self._step = network, tokenizer, step
        self._rows: list[ContinuedText] = []
        self._joining: list[ContinuedText] = []
        self._stream: Any = None

    def begin(
        self, prompt: str, *, length: int, sampling: Sampling, stop: Sequence[str], seed: int | None
    ) -> ContinuedText:
        """Read a prompt; what is written after it comes with the rounds from now on.

        Args:
            prompt, length, stop, seed: as `LanguageModel.generate` has them.
        """
        context, lead = split_prefix(prompt, self._tokenizer)
        tokens = from_beginning(context, self._tokenizer)
        logits, state = read(self._network, tokens, self._network.initial_state(1), self._step)
        hand = GenerationState(tokens, self._tokenizer, sampling, stop, lead)
        first = hand.first(logits[0].numpy(force=True))
        begun = ContinuedText(hand, np.random.default_rng(seed), length, first, state)
        self._joining.append(begun)
        return begun

    @property
    def busy(self) -> bool:
        """Whether a round would write anything."""
        return bool(self._rows or self._joining)

    def round(self) -> list[tuple[ContinuedText, str, bool]]:
        """A token more of every text: what it adds, and whether that was the last."""
        self._rearrange()
        found, tokens = [], []
        for row in self._rows:
            token, text = (0, "")
            if row.left > 0:
                token, text = row.hand.write(row.logits, row.generator.random())
                row.left -= 1
            ends = row.hand.lifted or row.left <= 0
            if ends:
                text += row.hand.finish()
                row.left = 0
            tokens.append(token)
            found.append((row, text, ends))
        if any(row.left for row in self._rows):
            logits = self._stream.read(tokens)
            for row, its in zip(self._rows, logits, strict=True):
                row.logits = its
        return found

    def _rearrange(self) -> None:
        """Take out the rows that have ended, and those in that have begun."""
        kept = [place for place, row in enumerate(self._rows) if row.left > 0]
        if len(kept) == len(self._rows) and not self._joining:
            return
        states = [row.state for row in self._joining]
        if kept:
            chosen = torch.tensor(kept)
            states = [map_state(lambda part: part[chosen], self._stream.state), *states]
        # The rows of the last step are memory that the next stream's steps do not write to.
        self._rows = [self._rows[place] for place in kept] + self._joining
        self._joining = []
        if self._rows:
            state = map_state(lambda *parts: torch.cat(parts), *states)
            self._stream = stream_of(self._step, state)
        for row in self._rows:
            row.state = ()
