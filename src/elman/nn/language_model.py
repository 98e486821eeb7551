"""Tokens in, the next token out: the network of a language model.

Shapes: B batch, T time, W width, V vocabulary.
"""

from __future__ import annotations

from torch import Tensor, nn

from elman.kernels.cross_entropy import linear_cross_entropy
from elman.nn.blocks import NetworkState, SharedDropout, Stack, StackConfig, linear


class LanguageModelNetwork(nn.Module):
    """Tokens in, the logits of the next token out: embedding, stack, output.

    Args:
        architecture: what it is built from; kept as `.architecture`.
    """

    def __init__(self, architecture: StackConfig) -> None:
        super().__init__()
        self.architecture = architecture
        self.embedding = nn.Embedding(architecture.vocabulary, architecture.hidden_size)
        self.dropout = SharedDropout(architecture.dropout)
        self.stack = Stack(architecture)
        self.output = linear(architecture.hidden_size, architecture.vocabulary, scale=0.5)
        self.scale = 1.0
        if architecture.tied:
            # Small enough for logits, and large enough for a network's input once it is scaled
            # (A. Vaswani et al., 'Attention Is All You Need', 2017, section 3.4).
            self.output.weight = self.embedding.weight
            nn.init.normal_(self.embedding.weight, std=architecture.hidden_size**-0.5)
            self.scale = architecture.hidden_size**0.5

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
        """tokens (B, T) integers -> logits (B, T, V), each row's state after its last."""
        y, state = self._features(tokens, state, lengths, resets)
        logits: Tensor = self.output(y)
        return logits.transpose(0, 1), state

    def loss(
        self, tokens: Tensor, targets: Tensor, state: NetworkState
    ) -> tuple[Tensor, NetworkState]:
        """tokens and targets (B, T) -> the mean loss in nats, the state after.

        The same number as the cross-entropy of `forward`'s logits, without making them whole.
        """
        y, state = self._features(tokens, state, None, None)
        output = self.output
        wanted = targets.t().flatten()
        return linear_cross_entropy(y.flatten(0, 1), output.weight, output.bias, wanted), state

    def _features(
        self,
        tokens: Tensor,
        state: NetworkState,
        lengths: Tensor | None,
        resets: Tensor | None,
    ) -> tuple[Tensor, NetworkState]:
        """tokens (B, T) -> what the output layer reads, (T, B, W), and the state after."""
        x = self.dropout(self.embedding(tokens.t()) * self.scale)
        ys, state = self.stack(x.transpose(0, 1), state, lengths=lengths, resets=resets)
        return ys.transpose(0, 1), state
