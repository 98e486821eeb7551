"""An encoder on arrays: tokens or words to one vector each, in one direction or in both.

Shapes: B texts, N tokens of all texts, W hidden size of a direction, R of all directions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from elman.nn.compiled.network import Array, Floats, State
from elman.nn.compiled.trained import TrainedNetwork
from elman.nn.config import EncoderConfig
from elman.text.subword_hashing import WordForms, WordRows


class CompiledEncoder:
    """An `Encoder`.

    Args:
        trained: the network that has the encoder.
        name: of the encoder in it.
        config: of the encoder.
    """

    def __init__(self, trained: TrainedNetwork, name: str, config: EncoderConfig) -> None:
        self.config = config
        self._weights = trained.weights.under(name)
        self._readers = [
            trained.stack(f"{name}.stacks.{direction}", config.blocks)
            for direction in range(config.directions)
        ]

    def initial_states(self, rows: int) -> tuple[State, ...]:
        """The state of each direction before the first token."""
        return tuple(reader.initial_state(rows) for reader in self._readers)

    def vectors(self, rows: Sequence[Array], forms: WordForms | None = None) -> Floats:
        """The embeddings (N, W) of the tokens of texts, one text after another.

        Args:
            rows: the token ids of each text, or indices into `forms`.
            forms: of the words of texts in words.
        """
        tokens: Any = np.concatenate(rows)
        if forms is None:
            vectors: Floats = self._weights["embedding.weight"][tokens]
            return vectors
        indices, words = forms.look_up(tokens)
        return self._words(words)[indices]

    def encode(
        self, vectors: Floats, lengths: Array, states: Sequence[State] | None = None
    ) -> tuple[Floats, tuple[State, ...]]:
        """The vectors of the tokens in their context.

        Args:
            vectors: (N, W) of `vectors`.
            lengths: (B,) tokens of each text.
            states: of each direction before them, only for one direction: the other starts at the
                end of a text. None: the initial ones.

        Returns:
            (N, R), the directions side by side, and the states after each text.
        """
        before: Sequence[State | None] = states or [None] * len(self._readers)
        read = [
            reader.read(vectors, lengths, state, backward=direction == 1)
            for direction, (reader, state) in enumerate(zip(self._readers, before, strict=True))
        ]
        ys, after = zip(*read, strict=True)
        return ys[0] if len(ys) == 1 else np.concatenate(ys, axis=1), after

    def step(self, vectors: Floats, states: Sequence[State]) -> tuple[Floats, tuple[State, ...]]:
        """One token of each text (B, W), in one direction -> (B, R), the states after."""
        (reader,), (state,) = self._readers, states
        y, after = reader.step(vectors, state)
        return y, (after,)

    def _words(self, words: WordRows) -> Floats:
        """The vectors (F, W) of distinct words: their own, and the weighted sum of their n-grams
        (every word has one at least)."""
        own = self._weights["embedding.own.weight"][words.ids]
        ngrams = self._weights["embedding.ngrams.weight"][words.ngrams] * words.weights[:, None]
        vectors: Floats = own + np.add.reduceat(ngrams, words.starts, axis=0)
        return vectors
