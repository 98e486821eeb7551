from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy.typing as npt
import torch
from torch import Tensor

from elman.explain.activations import layers_of, record_activations
from elman.explain.attribution import AttributionInput, AttributionQuery
from elman.explain.encoder import embedded, encode
from elman.explain.summary import model_summary, outputs_of
from elman.explain.trace import SequenceTrace, Trace
from elman.nn.encoder import PaddedBatch
from elman.nn.tagger import TaggerNetwork
from elman.training.eval_mode import eval_mode


def explain_tags(
    network: TaggerNetwork,
    padded: PaddedBatch,
    words: Sequence[str],
    tags: Sequence[str],
    outer: npt.NDArray[Any],
) -> Trace:
    """A sentence (one row) and each word's tag.

    Args:
        tags: K, of the scheme that people see; outer: the place there of each of the network's.
    """
    x = embedded(network.reader, padded)
    shown = torch.eye(len(tags))[torch.from_numpy(outer)].to(x)

    def features(xs: Sequence[Tensor]) -> Tensor:
        vectors, rows = encode(network.reader, xs[0])
        return network.crf.marginals(network.logits(rows, vectors), rows.lengths)

    def answers(found: Tensor) -> Tensor:
        # Several of the network's tags may be one of the scheme's.
        return (found.exp() @ shown).clamp(min=torch.finfo(found.dtype).tiny).log()

    watched = record_activations(list(network.reader.stacks))
    question = AttributionQuery(
        (AttributionInput(x),), features, answers, len(tags), speaker=0, about_itself=True
    )
    with eval_mode(network):
        with torch.inference_mode():
            taken = outer[network.best(padded)[:, 0].numpy(force=True)].tolist()
        layers = layers_of(lambda x: encode(network.reader, x), watched, x)
        return Trace(
            "tag",
            model_summary(network, network.reader.config.blocks, watched, ("word",), tags),
            (SequenceTrace("text", tuple(words), layers),),
            outputs_of(question, range(len(words)), taken, lambda number: tags[number]),
        )
