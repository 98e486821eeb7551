"""What a classifier remembers of texts that it reads word by word.

Shapes: N texts, K classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from elman.decoding.reading import FEW
from elman.errors import EmptyTextError
from elman.network import ClassNetwork, Impression, Read
from elman.text import BOUNDARY, Forms, Lexicon, Unit, words_of
from elman.training import Examples

Impressions = tuple[Impression, ...]
"""Each member's, of the same texts."""


def beginning(network: ClassNetwork, unit: Unit | Lexicon, reads: Sequence[Read]) -> Impressions:
    """The impression of one text that has not begun."""
    impression = network.start(1)
    if isinstance(unit, Lexicon):
        return impression
    return _read(network, Examples([np.array([BOUNDARY])]), impression, reads)[1]


def read_on(
    network: ClassNetwork,
    unit: Unit | Lexicon,
    texts: Sequence[str],
    states: Impressions,
    reads: Sequence[Read],
) -> tuple[npt.NDArray[np.float32], Impressions]:
    """A text for each row of the states -> logits (N, K), and the states after.

    Args:
        reads: of the members, step by step; they are asked where all texts are as short.

    Raises:
        EmptyTextError: for a text without anything to read.
    """
    forms = None
    rows: list[npt.NDArray[Any]]
    if isinstance(unit, Lexicon):
        forms = Forms(unit)
        rows = [forms.places(words_of(text)) for text in texts]
    else:
        rows = [unit.encode(text) for text in texts]
    if not all(map(len, rows)):
        raise EmptyTextError("nothing to read", place="step", advice="Give it some text.")
    return _read(network, Examples(rows, forms), states, reads)


def _read(
    network: ClassNetwork, examples: Examples, states: Impressions, reads: Sequence[Read]
) -> tuple[npt.NDArray[np.float32], Impressions]:
    lengths = examples.lengths
    alike = lengths.max() == lengths.min() <= FEW
    with torch.inference_mode():
        passages = examples.passages(np.arange(len(examples)))
        logits, states = network(passages, states, reads if alike else None)
    return logits.numpy(force=True), states
