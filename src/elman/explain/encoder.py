"""The traces of what reads a text: a language model's network, a classifier's, a tagger's.

Shapes: T tokens, B rows, W width of a vector, M members, K answers. Time comes first.
"""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from elman.explain.summary import side_by_side
from elman.nn.encoder import Encoder, PaddedBatch
from elman.training.eval_mode import eval_mode


def embedded(reader: Encoder, padded: PaddedBatch) -> Tensor:
    """(T, W) of the tokens of one row, as they are without training's chance."""
    with eval_mode(reader):
        return functional.embedding(padded.tokens[:, 0], reader.table(padded)).detach()


def encode(reader: Encoder, x: Tensor) -> tuple[tuple[Tensor, ...], PaddedBatch]:
    """What each direction makes of rows x (T, B, W), and the rows as padded."""
    rows = PaddedBatch(*side_by_side(x))
    vectors, _ = reader(rows, table=x.flatten(0, 1))
    return vectors, rows
