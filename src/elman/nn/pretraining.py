"""A reader that predicts the next word, to learn a language before it is told what to answer.

Source: A. Dai, Q. Le, 'Semi-supervised Sequence Learning' (2015), section 2.2: the reader's
weights are those of a language model when it begins to learn from labels.

Shapes: B batch, T time, W width, F distinct words of the batch, N words predicted.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from elman.kernels.cross_entropy import linear_cross_entropy
from elman.nn.blocks import linear
from elman.nn.encoder import Encoder, PaddedBatch


class PretrainingHead(nn.Module):
    """The reader, and for each of its directions a layer that names the word to come.

    A word is named among the distinct words of its own batch, by the vectors that the reader
    looks up for them, so there is no output vocabulary and no unknown word. That a frequent
    word is nearly always among them is set right by what makes a sample of words as good as all
    of them: the log of each word's chance to be in the batch is taken from its score
    (S. Jean et al., 'On Using Very Large Target Vocabulary for Neural Machine Translation',
    2015, section 3.1).

    The second direction predicts the word before.

    Args:
        reader: to learn the language; dropout: of it meanwhile. There is more unlabelled text than
            labelled, and less danger of learning it by heart.
    """

    def __init__(self, reader: Encoder, dropout: float = 0.0) -> None:
        super().__init__()
        self.reader = reader
        self.dropout = dropout
        hidden_size = reader.reading.blocks.hidden_size
        self.outputs = nn.ModuleList(
            linear(hidden_size, hidden_size, scale=hidden_size**-0.5)
            for _ in range(reader.reading.directions)
        )

    def forward(self, padded: PaddedBatch, log_chances: Tensor) -> Tensor:
        """-> the mean loss in nats of a word predicted, over all directions.

        Args:
            log_chances: (F,) of each row of the reader's table to be in a batch; zeros where the
                table is a whole vocabulary.
        """
        table = self.reader.table(padded)
        with self.reader.dropping(self.dropout):
            vectors, _ = self.reader(padded, table=table)
        predicted = padded.real[1:, :, 0]
        losses = []
        for direction, (y, output) in enumerate(zip(vectors, self.outputs, strict=True)):
            tokens = padded.reversed if direction else padded.tokens
            said, wanted = output(y[:-1][predicted]), tokens[1:][predicted]
            losses.append(linear_cross_entropy(said, table, -log_chances, wanted))
        return torch.stack(losses).mean()
