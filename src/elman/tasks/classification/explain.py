from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from elman.explain.activations import layers_of, record_activations
from elman.explain.attribution import AttributionInput, AttributionQuery
from elman.explain.encoder import embedded, encode
from elman.explain.summary import model_summary, outputs_of
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
    """A text (one row) and its class: after every word, where it is read in one direction.

    Args:
        tokens: as a person sees them.
        temperature: of the probabilities.
    """
    members = [member for member in network.members if isinstance(member, ClassifierEncoder)]
    parts = [embedded(member.reader, padded) for member in members]

    def features(xs: Sequence[Tensor]) -> Tensor:
        each = xs[0].chunk(len(members), dim=2)
        said = [
            member.running(encode(member.reader, x)[0])
            for member, x in zip(members, each, strict=True)
        ]
        return network.together(torch.stack(said)) / temperature

    def answers(features: Tensor) -> Tensor:
        return features.log_softmax(-1)

    reader = members[0].reader
    watched = record_activations(list(reader.stacks))
    question = AttributionQuery(
        (AttributionInput(torch.cat(parts, 1)),), features, answers, len(labels), speaker=0
    )
    first = 0 if len(reader.stacks) == 1 else len(tokens) - 1
    with eval_mode(network):
        places = range(first, len(tokens))
        taken = question.spread().argmax(1)[first:].tolist()
        layers = layers_of(lambda x: encode(reader, x), watched, parts[0])
        return Trace(
            "classify",
            model_summary(
                network, network.reading.blocks, watched, (tokenizer,), labels, len(members)
            ),
            (SequenceTrace("text", tuple(tokens), layers),),
            outputs_of(question, places, taken, lambda number: str(labels[number])),
        )
