"""Traces of encoder-decoders: a text from another text, or from a vector.

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

from elman.explain.activations import RecordedLayer, record_layers
from elman.explain.attribution import AttributionInput, AttributionQuery
from elman.explain.summary import model_summary, step_outputs, table_indices
from elman.explain.trace import AttentionWeights, SequenceTrace, Trace
from elman.nn.encoder import PaddedBatch
from elman.nn.seq2seq import DecoderState, EncoderDecoder, SourceEncoder, VectorEncoder
from elman.text.tokenizers.tokenizer import BOUNDARY, Tokenizer
from elman.training.eval_mode import eval_mode

TARGET = 1
"""Index of the target sequence."""


def explain_translation(
    network: EncoderDecoder,
    source: npt.NDArray[Any],
    tokens: Sequence[str],
    target: npt.NDArray[Any],
    tokenizers: tuple[Tokenizer, Tokenizer],
) -> Trace:
    """The trace of a generated text.

    Args:
        network: encoder and decoder.
        source: (S,) token ids.
        tokens: the source tokens as a person reads them.
        target: (T,) generated token ids, with the end token unless it was cut.
        tokenizers: of source and target.
    """
    ids = torch.as_tensor(source, dtype=torch.int64)
    x = functional.embedding(ids, network.source_embedding.weight).detach() * network.scale
    encoder = cast("SourceEncoder", network.encoder)

    def encode(x: Tensor) -> DecoderState:
        return network.encode_vectors(x, PaddedBatch(*table_indices(x)))

    recorded = _encoding(encoder)
    with eval_mode(network):
        read = SequenceTrace("source", tuple(tokens), record_layers(encode, recorded, x))
        return _trace(
            network, "translate", AttributionInput(x), encode, read, recorded, target, tokenizers
        )


def explain_description(
    network: EncoderDecoder,
    vector: npt.NDArray[np.float32],
    target: npt.NDArray[Any],
    tokenizer: Tokenizer,
) -> Trace:
    """The trace of a text that was generated from a vector (D,); see `explain_translation`."""
    encoder = cast("VectorEncoder", network.encoder)
    numbers = torch.as_tensor(vector).to(encoder.center)[:, None]

    def encode(x: Tensor) -> DecoderState:
        return network.encode(x[:, :, 0].t())

    read = SequenceTrace("vector", tuple(f"{number:g}" for number in vector.tolist()), ())
    with eval_mode(network):
        source = AttributionInput(numbers, encoder.center.detach()[:, None])
        return _trace(network, "describe", source, encode, read, [], target, (None, tokenizer))


def _trace(
    network: EncoderDecoder,
    task: str,
    source: AttributionInput,
    encode: Any,
    read: SequenceTrace,
    encoding: Sequence[RecordedLayer],
    target: npt.NDArray[Any],
    tokenizers: tuple[Tokenizer | None, Tokenizer],
) -> Trace:
    """The trace of source and decoder.

    Args:
        source: vectors of the source.
        encode: initial state of the decoder from the vectors (S, B, W).
        read: trace of the source.
        encoding: the recorded layers of the encoder.
    """
    tokenizer = tokenizers[1]
    inputs = np.append(BOUNDARY, target[:-1])
    ids = torch.as_tensor(inputs, dtype=torch.int64, device=network.embedding.weight.device)
    y = functional.embedding(ids, network.embedding.weight).detach() * network.scale
    with torch.inference_mode():
        start = encode(source.vectors[:, None])
        _, weights, _ = network.attend(ids[:, None], start)

    def decode(y: Tensor) -> object:
        """Run the decoder alone; all rows attend to one source."""
        state = tuple(block.mixer.initial_state(y.shape[1]) for block in network.decoder_blocks)
        return network.features(y, DecoderState(state, start.memories))

    def features(xs: Sequence[Tensor]) -> Tensor:
        y, _, _ = network.features(xs[1], encode(xs[0]))
        return y

    def head(y: Tensor) -> Tensor:
        logits: Tensor = network.output(y)
        return logits.log_softmax(-1)

    decoding = [
        RecordedLayer(block.mixer, number, False)
        for number, block in enumerate(network.decoder_blocks, 1)
    ]
    query = AttributionQuery(
        (source, AttributionInput(y)), features, head, tokenizer.size, aligned_input=TARGET
    )
    blocks = network.config.blocks
    names = tuple("vector" if each is None else each.name for each in tokenizers)
    attention = None
    if task == "translate" and network.config.attention != "none":
        attention = AttentionWeights(TARGET, 0, weights[0].numpy(force=True))
    return Trace(
        task,
        model_summary(network, blocks, [*encoding, *decoding], names),
        (
            read,
            SequenceTrace(
                "target", tuple(tokenizer.pieces(inputs)), record_layers(decode, decoding, y)
            ),
        ),
        step_outputs(
            query,
            range(len(inputs)),
            target.tolist(),
            lambda index: tokenizer.decode([index]),
            sequence=TARGET,
        ),
        attention,
    )


def _encoding(encoder: SourceEncoder) -> list[RecordedLayer]:
    """The blocks of an encoder: all in one direction, or in alternating directions."""
    both, reverse = encoder.order == "both", encoder.order == "reversed"
    return [
        RecordedLayer(cast("Any", block).mixer, number + 1, reverse or (both and number % 2 == 1))
        for number, block in enumerate(encoder.blocks)
    ]
