from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from elman.explain.activations import record_layers, stack_layers
from elman.explain.attribution import AttributionInput, AttributionQuery
from elman.explain.encoder import embed, encode
from elman.explain.summary import model_summary, step_outputs
from elman.explain.trace import SequenceTrace, Trace
from elman.nn.classifier import ClassifierNetwork
from elman.nn.encoder import PaddedBatch
from elman.tasks.classification.counts import LinearTrace
from elman.training.eval_mode import eval_mode


def explain_classes(
    network: ClassifierNetwork,
    padded: PaddedBatch,
    tokens: Sequence[str],
    tokenizer: str,
    labels: Sequence[object],
    temperature: float,
    linear: LinearTrace | None = None,
) -> Trace:
    """The trace of the classification of a text, with an output after each token if the network
    reads forward only.

    Args:
        network: the classifier.
        padded: a batch of one row.
        tokens: the tokens as a person reads them.
        tokenizer: kind of token.
        labels: the classes.
        temperature: divides the logits.
        linear: what the linear part does; it takes part in the predictions, activations and
            attributions are the network's. None: there is none.
    """
    encoders = network.encoders
    parts = [embed(encoder, padded) for encoder in encoders]

    def features(xs: Sequence[Tensor]) -> Tensor:
        each = xs[0].chunk(len(encoders), dim=2)
        logits = [
            network.running_logits(member, encode(encoder, x)[0])
            for member, (encoder, x) in enumerate(zip(encoders, each, strict=True))
        ]
        return network.log_mean_probabilities(torch.stack(logits)) / temperature

    def head(features: Tensor) -> Tensor:
        return features.log_softmax(-1)

    recorded = stack_layers(list(encoders[0].stacks))
    query = AttributionQuery(
        (AttributionInput(torch.cat(parts, 1)),), features, head, len(labels), aligned_input=0
    )
    first = 0 if len(encoders[0].stacks) == 1 else len(tokens) - 1
    with eval_mode(network):
        positions = range(first, len(tokens))
        log_p = query.log_probabilities()
        if linear is not None:
            log_p = (log_p + torch.from_numpy(linear.added)).log_softmax(1)
        targets = log_p.argmax(1)[first:].tolist()
        names = [str(label) for label in labels]
        outputs = step_outputs(query, positions, targets, names.__getitem__, log_p=log_p)
        if linear is not None:
            outputs = tuple(
                replace(output, counts=linear.part(output.after, target))
                for output, target in zip(outputs, targets, strict=True)
            )
        layers = record_layers(lambda x: encode(encoders[0], x), recorded, parts[0])
        return Trace(
            "classify",
            model_summary(
                network, network.config.blocks, recorded, (tokenizer,), labels, len(encoders)
            ),
            (SequenceTrace("text", tuple(tokens), layers),),
            outputs,
        )
