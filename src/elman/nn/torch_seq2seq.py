"""Encoder-decoders on arrays through PyTorch: where there is no native core, and for cells whose
step it cannot run.

Shapes: R sources, K targets of each, T target time, S source tokens, V target vocabulary.
"""

from __future__ import annotations

from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from elman.cells import state_like, state_tensors
from elman.nn.attention import AttentionMemory
from elman.nn.compiled.network import Array, Floats, State
from elman.nn.compiled.seq2seq import Sources, TargetState
from elman.nn.encoder import PaddedBatch
from elman.nn.seq2seq import DecoderState, EncoderDecoder, VectorEncoder


class TorchSeq2Seq:
    """An `ArraySeq2Seq` through PyTorch, on the network's device and in its type.

    Args:
        network: in evaluation mode.
    """

    def __init__(self, network: EncoderDecoder) -> None:
        self.config = network.config
        self._network = network
        self._device = next(network.parameters()).device
        self._sent: tuple[State, tuple[AttentionMemory, ...]] | None = None

    @torch.inference_mode()
    def encode(self, sources: Sources) -> TargetState:
        if isinstance(self._network.encoder, VectorEncoder):
            like = cast("Tensor", self._network.encoder.center)
            start = self._network.encode(torch.from_numpy(np.asarray(sources)).to(like))
        else:
            tokens = nn.utils.rnn.pad_sequence([torch.from_numpy(each) for each in sources])
            lengths = torch.tensor([len(each) for each in sources], device=self._device)
            start = self._network.encode(PaddedBatch(tokens.to(self._device), lengths))
        parts = [part for each in start.memories for part in (each.keys, each.values)]
        mask = start.memories[0].mask[:, 0, 0]
        return TargetState(_arrays(state_tensors(start.state)), _arrays([*parts, mask]))

    @torch.inference_mode()
    def step(self, tokens: Array, before: TargetState) -> tuple[Floats, TargetState]:
        ids = torch.from_numpy(tokens).to(self._device)
        logits, after = self._network(ids[None], self._tensors(before))
        state = _arrays(state_tensors(after.state))
        # A copy: the logits of a subclass may be a view of its weights.
        return logits[0].float().numpy(force=True).copy(), TargetState(state, before.memory)

    @torch.inference_mode()
    def attention(self, tokens: Array, start: TargetState) -> Floats:
        ids = torch.from_numpy(tokens).to(self._device)
        _, weights, _ = self._network.attend(ids, self._tensors(start))
        y: Floats = weights.float().numpy(force=True)
        return y

    def _tensors(self, written: TargetState) -> DecoderState:
        # Memories change only where sources are done: send them to the device once.
        if self._sent is None or self._sent[0] is not written.memory:
            *parts, mask = (torch.from_numpy(each).to(self._device) for each in written.memory)
            blocks = zip(parts[::2], parts[1::2], strict=True)
            memories = tuple(AttentionMemory(*block, mask[:, None, None]) for block in blocks)
            self._sent = written.memory, memories
        state = [torch.from_numpy(each).to(self._device) for each in written.state]
        return DecoderState(state_like(self._network.initial_state(1), state), self._sent[1])


def _arrays(tensors: list[Tensor]) -> State:
    return tuple(np.ascontiguousarray(each.numpy(force=True)) for each in tensors)
