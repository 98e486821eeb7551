from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from elman.explain.activations import layers_of, record_activations
from elman.explain.attribution import AttributionInput, AttributionQuery
from elman.explain.encoder import embedded, encode
from elman.explain.summary import model_summary, outputs_of
from elman.explain.trace import SequenceTrace, Trace
from elman.nn.classifier import ClassifierNetwork
from elman.nn.encoder import PaddedBatch
from elman.training.eval_mode import eval_mode


def explain_classes(
    network: ClassifierNetwork,
    padded: PaddedBatch,
    tokens: Sequence[str],
    tokenizer: str,
    labels: Sequence[object],
    temperature: float,
) -> Trace:
    """A text (one row) and its class: after every word, where it is read in one direction.

    Args:
        tokens: as a person sees them.
        temperature: of the probabilities.
    """
    encoders = network.encoders
    parts = [embedded(encoder, padded) for encoder in encoders]

    def features(xs: Sequence[Tensor]) -> Tensor:
        each = xs[0].chunk(len(encoders), dim=2)
        logits = [
            network.running_logits(member, encode(encoder, x)[0])
            for member, (encoder, x) in enumerate(zip(encoders, each, strict=True))
        ]
        return network.log_mean_probabilities(torch.stack(logits)) / temperature

    def answers(features: Tensor) -> Tensor:
        return features.log_softmax(-1)

    watched = record_activations(list(encoders[0].stacks))
    question = AttributionQuery(
        (AttributionInput(torch.cat(parts, 1)),), features, answers, len(labels), speaker=0
    )
    first = 0 if len(encoders[0].stacks) == 1 else len(tokens) - 1
    with eval_mode(network):
        places = range(first, len(tokens))
        taken = question.spread().argmax(1)[first:].tolist()
        layers = layers_of(lambda x: encode(encoders[0], x), watched, parts[0])
        return Trace(
            "classify",
            model_summary(
                network, network.config.blocks, watched, (tokenizer,), labels, len(encoders)
            ),
            (SequenceTrace("text", tuple(tokens), layers),),
            outputs_of(question, places, taken, lambda number: str(labels[number])),
        )
