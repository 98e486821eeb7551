from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from elman.explain.activations import record_layers, stack_layers
from elman.explain.attribution import AttributionInput, AttributionQuery
from elman.explain.encoder import embed, encode
from elman.explain.summary import model_summary, step_outputs
from elman.explain.trace import SequenceTrace, Trace
from elman.nn.classifier import ClassifierEncoder, ClassifierNetwork
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
    """The trace of the classification of a text, with an output after each token if the network
    reads forward only.

    Args:
        network: the classifier.
        padded: a batch of one row.
        tokens: the tokens as a person reads them.
        tokenizer: kind of token.
        labels: the classes.
        temperature: divides the logits.
    """
    members = [member for member in network.members if isinstance(member, ClassifierEncoder)]
    parts = [embed(member.reader, padded) for member in members]

    def features(xs: Sequence[Tensor]) -> Tensor:
        each = xs[0].chunk(len(members), dim=2)
        logits = [
            member.running(encode(member.reader, x)[0])
            for member, x in zip(members, each, strict=True)
        ]
        return network.together(torch.stack(logits)) / temperature

    def head(features: Tensor) -> Tensor:
        return features.log_softmax(-1)

    reader = members[0].reader
    recorded = stack_layers(list(reader.stacks))
    query = AttributionQuery(
        (AttributionInput(torch.cat(parts, 1)),), features, head, len(labels), aligned_input=0
    )
    first = 0 if len(reader.stacks) == 1 else len(tokens) - 1
    with eval_mode(network):
        positions = range(first, len(tokens))
        targets = query.log_probabilities().argmax(1)[first:].tolist()
        layers = record_layers(lambda x: encode(reader, x), recorded, parts[0])
        return Trace(
            "classify",
            model_summary(
                network, network.reading.blocks, recorded, (tokenizer,), labels, len(members)
            ),
            (SequenceTrace("text", tuple(tokens), layers),),
            step_outputs(query, positions, targets, lambda index: str(labels[index])),
        )
