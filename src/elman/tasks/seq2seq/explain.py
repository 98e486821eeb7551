"""The traces of what writes a text: from another, or from a vector.

Shapes: S source tokens, T target tokens, B rows, W width, D width of a vector, V target
vocabulary. Time comes first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from elman.explain.activations import ActivationRecorder, layers_of
from elman.explain.attribution import AttributionInput, AttributionQuery
from elman.explain.summary import model_summary, outputs_of, side_by_side
from elman.explain.trace import AttentionWeights, SequenceTrace, Trace
from elman.nn.encoder import PaddedBatch
from elman.nn.seq2seq import DecoderState, EncoderDecoder, SourceEncoder, VectorEncoder
from elman.text.tokenizers.tokenizer import BOUNDARY, Tokenizer
from elman.training.eval_mode import eval_mode

TARGET = 1
"""The place of the target among the readings."""


def explain_rewrite(
    network: EncoderDecoder,
    source: npt.NDArray[Any],
    tokens: Sequence[str],
    target: npt.NDArray[Any],
    tokenizers: tuple[Tokenizer, Tokenizer],
) -> Trace:
    """A text (S,) and the one that was written from it (T,).

    Args:
        tokens: the source's, as a person sees them.
        target: with the token that ends it, unless it was cut.
        tokenizers: of source and target.
    """
    ids = torch.as_tensor(source, dtype=torch.int64)
    x = functional.embedding(ids, network.source_embedding.weight).detach() * network.scale
    encoder = cast("SourceEncoder", network.encoder)

    def begin(x: Tensor) -> DecoderState:
        return network.encode_vectors(x, PaddedBatch(*side_by_side(x)))

    watched = _encoding(encoder)
    with eval_mode(network):
        read = SequenceTrace("source", tuple(tokens), layers_of(begin, watched, x))
        return _trace(
            network, "translate", AttributionInput(x), begin, read, watched, target, tokenizers
        )


def explain_description(
    network: EncoderDecoder,
    vector: npt.NDArray[np.float32],
    target: npt.NDArray[Any],
    tokenizer: Tokenizer,
) -> Trace:
    """A vector (D,) and the text that was written from it (T,); arguments as above."""
    encoder = cast("VectorEncoder", network.encoder)
    given = torch.as_tensor(vector).to(encoder.center)[:, None]

    def begin(x: Tensor) -> DecoderState:
        return network.encode(x[:, :, 0].t())

    read = SequenceTrace("vector", tuple(f"{number:g}" for number in vector.tolist()), ())
    with eval_mode(network):
        source = AttributionInput(given, encoder.center.detach()[:, None])
        return _trace(network, "describe", source, begin, read, [], target, (None, tokenizer))


def _trace(
    network: EncoderDecoder,
    task: str,
    source: AttributionInput,
    begin: Any,
    read: SequenceTrace,
    encoding: Sequence[ActivationRecorder],
    target: npt.NDArray[Any],
    tokenizers: tuple[Tokenizer | None, Tokenizer],
) -> Trace:
    """The decoder's part.

    Args:
        begin: from the source's vectors (S, B, W), what the decoder starts with.
        read: the source's reading; encoding: its layers.
    """
    tokenizer = tokenizers[1]
    heard = np.append(BOUNDARY, target[:-1])
    ids = torch.as_tensor(heard, dtype=torch.int64, device=network.embedding.weight.device)
    y = functional.embedding(ids, network.embedding.weight).detach() * network.scale
    with torch.inference_mode():
        begun = begin(source.vectors[:, None])
        _, looks, _ = network.attend(ids[:, None], begun)

    def write(y: Tensor) -> object:
        """The decoder alone: its rows look at one source side by side."""
        state = tuple(block.mixer.initial_state(y.shape[1]) for block in network.decoder_blocks)
        return network.features(y, DecoderState(state, begun.memories))

    def features(xs: Sequence[Tensor]) -> Tensor:
        y, _, _ = network.features(xs[1], begin(xs[0]))
        return y

    def answers(y: Tensor) -> Tensor:
        logits: Tensor = network.output(y)
        return logits.log_softmax(-1)

    decoding = [
        ActivationRecorder(block.mixer, number, False)
        for number, block in enumerate(network.decoder_blocks, 1)
    ]
    question = AttributionQuery(
        (source, AttributionInput(y)), features, answers, tokenizer.size, speaker=TARGET
    )
    blocks = network.config.blocks
    names = tuple("vector" if each is None else each.name for each in tokenizers)
    attention = None
    if task == "translate" and network.config.attention != "none":
        attention = AttentionWeights(TARGET, 0, looks[0].numpy(force=True))
    return Trace(
        task,
        model_summary(network, blocks, [*encoding, *decoding], names),
        (
            read,
            SequenceTrace("target", tuple(tokenizer.pieces(heard)), layers_of(write, decoding, y)),
        ),
        outputs_of(
            question,
            range(len(heard)),
            target.tolist(),
            lambda number: tokenizer.decode([number]),
            reading=TARGET,
        ),
        attention,
    )


def _encoding(encoder: SourceEncoder) -> list[ActivationRecorder]:
    """An encoder's blocks: all in one direction, or from either end in turn."""
    both, reverse = encoder.order == "both", encoder.order == "reversed"
    return [
        ActivationRecorder(
            cast("Any", block).mixer, number + 1, reverse or (both and number % 2 == 1)
        )
        for number, block in enumerate(encoder.blocks)
    ]
