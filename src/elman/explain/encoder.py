"""Embeddings and forward pass of an encoder from vectors, for classifiers and taggers.

Shapes: T tokens, B rows, W vector size. Time comes first.
"""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from elman.explain.summary import table_indices
from elman.nn.encoder import Encoder, PaddedBatch
from elman.training.eval_mode import eval_mode


def embed(encoder: Encoder, padded: PaddedBatch) -> Tensor:
    """Embeddings (T, W) of the tokens of a batch of one row, without dropout."""
    with eval_mode(encoder):
        return functional.embedding(padded.tokens[:, 0], encoder.table(padded)).detach()


def encode(encoder: Encoder, x: Tensor) -> tuple[tuple[Tensor, ...], PaddedBatch]:
    """Outputs of each direction of an encoder for embeddings x (T, B, W), and the batch."""
    rows = PaddedBatch(*table_indices(x))
    vectors, _ = encoder(rows, table=x.flatten(0, 1))
    return vectors, rows
