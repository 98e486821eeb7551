"""Sentences as batches, with the features of each word for a linear model.

Shapes: B rows of a batch, T words, F features of a word.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from elman.text.context_features import FEATURES, ContextHasher
from elman.text.subword_hashing import WordForms
from elman.training.dataset import TokenDataset

if TYPE_CHECKING:
    from elman.nn.encoder import PaddedBatch


class SentenceDataset(TokenDataset):
    """Sentences of at least one word.

    Args:
        words: of each sentence.
        forms: their distinct words.
        buckets: of the features; 0 for none.
    """

    forms: WordForms

    def __init__(self, words: Sequence[Sequence[str]], forms: WordForms, buckets: int = 0) -> None:
        super().__init__([forms.indices(each) for each in words], forms)
        self.words = words
        self.buckets = buckets
        self._hasher = ContextHasher()

    def subset(self, places: Sequence[int]) -> SentenceDataset:
        """The sentences with these indices."""
        return SentenceDataset([self.words[place] for place in places], self.forms, self.buckets)

    def features(self, place: int) -> npt.NDArray[np.int64]:
        """The ids (T, F) of the features of a sentence's words."""
        return self._hasher.rows(self.words[place]) % self.buckets

    def collate(self, chosen: npt.NDArray[Any]) -> PaddedBatch:
        import torch

        padded = super().collate(chosen)
        if not self.buckets:
            return padded
        features = np.zeros((len(chosen), len(padded.tokens), FEATURES), dtype=np.int64)
        for row, place in zip(features, chosen.tolist(), strict=True):
            row[: self.lengths[place]] = self.features(place)
        return padded._replace(features=torch.from_numpy(features).transpose(0, 1))
