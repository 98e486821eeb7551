"""Language model pretraining of an encoder on unlabelled text.

Source: A. Dai, Q. Le, 'Semi-supervised Sequence Learning' (2015), section 2.2: a classifier's
encoder starts from the weights of a language model.

Shapes: B batch, T time, W width, F distinct words of the batch, N predicted tokens.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from elman.kernels.cross_entropy import linear_cross_entropy
from elman.nn.blocks import linear
from elman.nn.encoder import Encoder, PaddedBatch


class PretrainingHead(nn.Module):
    """An encoder and, for each direction, a linear layer that predicts the next token.

    In-batch sampled softmax: the candidates are the distinct words of the batch, scored by their
    input embeddings, so there is no output vocabulary and no unknown word. Subtract log P(word in
    batch) from each logit (S. Jean et al., 'On Using Very Large Target Vocabulary for Neural
    Machine Translation', 2015, section 3.1).

    The second direction predicts the previous token.

    Args:
        encoder: to be pretrained; kept as `.encoder`.
        dropout: the encoder's dropout probability meanwhile. There is more unlabelled text than
            labelled, so less overfitting.
    """

    def __init__(self, encoder: Encoder, dropout: float = 0.0) -> None:
        super().__init__()
        self.encoder = encoder
        self.dropout = dropout
        hidden_size = encoder.config.blocks.hidden_size
        self.outputs = nn.ModuleList(
            linear(hidden_size, hidden_size, scale=hidden_size**-0.5)
            for _ in range(encoder.config.directions)
        )

    def forward(self, padded: PaddedBatch, log_inclusion_probability: Tensor) -> Tensor:
        """The mean loss of a predicted token, over all directions, in nats.

        Args:
            padded: B texts.
            log_inclusion_probability: (F,) log P(word in batch) for each row of `Encoder.table`;
                zeros where the table is the whole vocabulary.
        """
        table = self.encoder.table(padded)
        with self.encoder.dropout_set_to(self.dropout):
            vectors, _ = self.encoder(padded, table=table)
        predicted = padded.real[1:, :, 0]
        losses = []
        for direction, (y, output) in enumerate(zip(vectors, self.outputs, strict=True)):
            tokens = padded.reversed if direction else padded.tokens
            queries, targets = output(y[:-1][predicted]), tokens[1:][predicted]
            bias = -log_inclusion_probability
            losses.append(linear_cross_entropy(queries, table, bias, targets))
        return torch.stack(losses).mean()
