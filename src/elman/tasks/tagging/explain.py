from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy.typing as npt
import torch
from torch import Tensor

from elman.explain.activations import record_layers, stack_layers
from elman.explain.attribution import AttributionInput, AttributionQuery
from elman.explain.encoder import embed, encode
from elman.explain.summary import model_summary, step_outputs
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
    """The trace of the tagging of a sentence.

    Args:
        network: the tagger.
        padded: a batch of one row.
        words: the words.
        tags: the K tags in the scheme of the training data.
        outer: index in `tags` of each tag of the network.
    """
    x = embed(network.encoder, padded)
    scheme = torch.eye(len(tags))[torch.from_numpy(outer)].to(x)

    def features(xs: Sequence[Tensor]) -> Tensor:
        vectors, rows = encode(network.encoder, xs[0])
        return network.crf.marginals(network.logits(rows, vectors), rows.lengths)

    def head(log_p: Tensor) -> Tensor:
        # One tag of the scheme may be several tags of the network.
        return (log_p.exp() @ scheme).clamp(min=torch.finfo(log_p.dtype).tiny).log()

    recorded = stack_layers(list(network.encoder.stacks))
    query = AttributionQuery(
        (AttributionInput(x),), features, head, len(tags), aligned_input=0, tagging=True
    )
    with eval_mode(network):
        with torch.inference_mode():
            targets = outer[network.best(padded)[:, 0].numpy(force=True)].tolist()
        layers = record_layers(lambda x: encode(network.encoder, x), recorded, x)
        return Trace(
            "tag",
            model_summary(network, network.encoder.config.blocks, recorded, ("word",), tags),
            (SequenceTrace("text", tuple(words), layers),),
            step_outputs(query, range(len(words)), targets, lambda index: tags[index]),
        )
