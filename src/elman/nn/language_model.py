"""The network of a language model.

Shapes: B batch, T time, W hidden size, V vocabulary.
"""

from __future__ import annotations

from torch import Tensor, nn

from elman.kernels.cross_entropy import linear_cross_entropy
from elman.nn.blocks import NetworkState, SharedDropout, Stack, linear
from elman.nn.config import StackConfig


class LanguageModelNetwork(nn.Module):
    """Embedding, stack and output layer: tokens to the logits of the next token.

    Args:
        config: kept as `.config`.
    """

    def __init__(self, config: StackConfig) -> None:
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(config.vocabulary, config.hidden_size)
        self.dropout = SharedDropout(config.dropout)
        self.stack = Stack(config)
        self.output = linear(config.hidden_size, config.vocabulary, scale=0.5)
        self.scale = 1.0
        if config.tied:
            # Logits need small weights, inputs larger ones: scale the embeddings (A. Vaswani et
            # al., 'Attention Is All You Need', 2017, section 3.4).
            self.output.weight = self.embedding.weight
            nn.init.normal_(self.embedding.weight, std=config.hidden_size**-0.5)
            self.scale = config.hidden_size**0.5

    def initial_state(self, batch_size: int) -> NetworkState:
        return self.stack.initial_state(batch_size)

    def forward(
        self,
        tokens: Tensor,
        state: NetworkState,
        *,
        lengths: Tensor | None = None,
        resets: Tensor | None = None,
    ) -> tuple[Tensor, NetworkState]:
        """tokens (B, T) integers -> logits (B, T, V), the state of each row after its last token.

        `lengths` (B,) and `resets` (B, T) are those of `scan`.
        """
        y, state = self._features(tokens, state, lengths, resets)
        logits: Tensor = self.output(y)
        return logits.transpose(0, 1), state

    def loss(
        self, tokens: Tensor, targets: Tensor, state: NetworkState
    ) -> tuple[Tensor, NetworkState]:
        """tokens and targets (B, T) -> the mean loss in nats, the state after.

        Equals the cross-entropy of the logits of `forward`, but never holds all of them.
        """
        y, state = self._features(tokens, state, None, None)
        output = self.output
        flat_targets = targets.t().flatten()
        return linear_cross_entropy(
            y.flatten(0, 1), output.weight, output.bias, flat_targets
        ), state

    def _features(
        self,
        tokens: Tensor,
        state: NetworkState,
        lengths: Tensor | None,
        resets: Tensor | None,
    ) -> tuple[Tensor, NetworkState]:
        """tokens (B, T) -> the inputs of the output layer (T, B, W), the state after."""
        x = self.dropout(self.embedding(tokens.t()) * self.scale)
        ys, state = self.stack(x.transpose(0, 1), state, lengths=lengths, resets=resets)
        return ys.transpose(0, 1), state
