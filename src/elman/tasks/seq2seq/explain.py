"""Traces of encoder-decoders: a text from another text, or from a vector.

Shapes: S source tokens, T target tokens, B rows, W width, D width of a vector, V target
vocabulary. Time comes first.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple, cast

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from elman.explain.activations import RecordedLayer, record_layers
from elman.explain.attribution import AttributionInput, AttributionQuery
from elman.explain.summary import Part, model_summary, step_outputs, table_indices
from elman.explain.trace import AttentionWeights, SequenceTrace, Trace
from elman.nn.encoder import PaddedBatch
from elman.nn.seq2seq import DecoderState, EncoderDecoder, SourceEncoder, VectorEncoder
from elman.text.tokenizers.tokenizer import BOUNDARY, Tokenizer
from elman.training.eval_mode import eval_mode

TARGET = 1
"""Index of the target sequence."""


class Continuations(NamedTuple):
    """What the counts beside a network make of a target, token by token.

    Attributes:
        probabilities: (T, V) of the next token, given the tokens of the target before it; zeros
            where nothing that is counted begins so.
        begun: (T,) the probability of the tokens before it.
        weight: of the counts before the first token, 0 to 1.
    """

    probabilities: Tensor
    begun: Tensor
    weight: float


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
    counts: Continuations | None = None,
) -> Trace:
    """The trace of a text that was generated from a vector (D,).

    Args:
        network, target, tokenizer: as for `explain_translation`.
        vector: the source.
        counts: beside the network; None: it answers alone.
    """
    encoder = cast("VectorEncoder", network.encoder)
    numbers = torch.as_tensor(vector).to(encoder.center)[:, None]

    def encode(x: Tensor) -> DecoderState:
        return network.encode(x[:, :, 0].t())

    read = SequenceTrace("vector", tuple(f"{number:g}" for number in vector.tolist()), ())
    with eval_mode(network):
        source = AttributionInput(numbers, encoder.center.detach()[:, None])
        return _trace(
            network, "describe", source, encode, read, [], target, (None, tokenizer), counts
        )


def _trace(
    network: EncoderDecoder,
    task: str,
    source: AttributionInput,
    encode: Any,
    read: SequenceTrace,
    encoding: Sequence[RecordedLayer],
    target: npt.NDArray[Any],
    tokenizers: tuple[Tokenizer | None, Tokenizer],
    counts: Continuations | None = None,
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
            parts=() if counts is None else _parts(query.log_probabilities(), target, counts),
        ),
        attention,
    )


def _parts(
    log_network: Tensor, target: npt.NDArray[Any], counts: Continuations
) -> tuple[Part, Part]:
    """The network, with log-probabilities (T, V), and the counts at each token of a target (T,).

    The share of a part follows from how probable it made the tokens before (Bayes' theorem).
    """
    tokens = torch.as_tensor(target, dtype=torch.int64)[:, None]
    own = log_network.detach().double().cpu()
    after = own.gather(1, tokens)[:, 0].cumsum(0)
    before = torch.cat([after.new_zeros(1), after[:-1]])
    log_odds = math.log((1 - counts.weight) / counts.weight) + before - counts.begun.log()
    return (
        Part("network", log_odds.sigmoid(), own.exp()),
        Part("counts", (-log_odds).sigmoid(), counts.probabilities),
    )


def _encoding(encoder: SourceEncoder) -> list[RecordedLayer]:
    """The blocks of an encoder: all in one direction, or in alternating directions."""
    both, reverse = encoder.order == "both", encoder.order == "reversed"
    return [
        RecordedLayer(cast("Any", block).mixer, number + 1, reverse or (both and number % 2 == 1))
        for number, block in enumerate(encoder.blocks)
    ]
