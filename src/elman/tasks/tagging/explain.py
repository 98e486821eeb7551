from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy.typing as npt
import torch
from torch import Tensor

from elman.explain.activations import record_layers, stack_layers
from elman.explain.attribution import AttributionInput, AttributionQuery
from elman.explain.encoder import embed, encode
from elman.explain.summary import TOP, model_summary, step_outputs
from elman.explain.trace import CountedFeature, CountsPart, SequenceTrace, Trace
from elman.nn.encoder import PaddedBatch
from elman.nn.tagger import LinearTagger, TaggerNetwork
from elman.text.context_features import features_of
from elman.training.eval_mode import eval_mode


def explain_tags(
    network: TaggerNetwork,
    padded: PaddedBatch,
    words: Sequence[str],
    tags: Sequence[str],
    outer: npt.NDArray[Any],
) -> Trace:
    """The trace of the tagging of a sentence. Counts take part in the predictions; activations and
    gradients are the network's.

    Args:
        network: the tagger.
        padded: a batch of one row.
        words: the words.
        tags: the K tags in the scheme of the training data.
        outer: index in `tags` of each tag of the network.
    """
    x = embed(network.encoder, padded)
    width = x.shape[1]
    counted = network.counts is not None
    if counted:
        # What the linear model adds to a word goes with its vector, so that it leaves with the
        # word; no gradient passes through it.
        with torch.inference_mode():
            added = network.added(padded)[:, 0]
        x = torch.cat([x, added.clone().to(x)], 1)
    crf = network.joint_crf
    scheme = torch.eye(len(tags))[torch.from_numpy(outer)].to(x)

    def features(xs: Sequence[Tensor]) -> Tensor:
        vectors, rows = encode(network.encoder, xs[0][..., :width])
        logits = network.logits(rows, vectors)
        if counted:
            logits = logits + xs[0][..., width:].detach()
        return crf.marginals(logits, rows.lengths)

    def head(log_p: Tensor) -> Tensor:
        # One tag of the scheme may be several tags of the network.
        return (log_p.exp() @ scheme).clamp(min=torch.finfo(log_p.dtype).tiny).log()

    recorded = stack_layers(list(network.encoder.stacks))
    query = AttributionQuery(
        (AttributionInput(x),), features, head, len(tags), aligned_input=0, tagging=True
    )
    with eval_mode(network):
        with torch.inference_mode():
            best = network.best(padded)[:, 0]
            targets = outer[best.numpy(force=True)].tolist()
        layers = record_layers(lambda x: encode(network.encoder, x), recorded, x[:, :width])
        outputs = step_outputs(query, range(len(words)), targets, lambda index: tags[index])
        if network.counts is not None:
            parts = _counts_parts(network.counts, padded, words, best)
            outputs = tuple(
                replace(output, counts=part) for output, part in zip(outputs, parts, strict=True)
            )
        return Trace(
            "tag",
            model_summary(network, network.encoder.config.blocks, recorded, ("word",), tags),
            (SequenceTrace("text", tuple(words), layers),),
            outputs,
        )


@torch.inference_mode()
def _counts_parts(
    counts: LinearTagger, padded: PaddedBatch, words: Sequence[str], best: Tensor
) -> Iterator[CountsPart]:
    """What the linear model adds to the best tag (T,) of each word, and by which features."""
    assert padded.features is not None
    rows = zip(padded.features[:, 0], features_of(words), best.tolist(), strict=True)
    bias = counts.bias - counts.bias.mean()
    for ids, texts, tag in rows:
        weights = counts.weight[ids]
        added = weights[:, tag] - weights.mean(1)
        top = added.abs().topk(TOP).indices.tolist()
        features = tuple(CountedFeature(texts[index], float(added[index])) for index in top)
        yield CountsPart(float(added.sum() + bias[tag]), features)
