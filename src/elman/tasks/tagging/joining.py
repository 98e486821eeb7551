"""A tagger's network and its linear model as one; their scales are fitted on the validation set.

Shapes: B sentences, T words, K tags. Time comes first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate, takewhile
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from elman.counts.linear_chain import Chain, gradient
from elman.nn.encoder import PaddedBatch
from elman.nn.tagger import LinearTagger, TaggerNetwork
from elman.tasks.tagging.counts import FEW_TAGS
from elman.tasks.tagging.dataset import SentenceDataset
from elman.tasks.tagging.objective import of_each
from elman.training.dataset import in_batches

Numbers = npt.NDArray[np.integer[Any]]
Metric = Callable[[list[Numbers]], float]

WORDS = 10_000
"""The most validation words to fit the scales on."""

BIASES = np.arange(0, 4.5, 0.5)
"""What the score of "no entity" may be lowered by."""

FEWEST = 100
"""The fewest validation words of entities to choose it by."""

RANGE = (0.05, 4.0)
"""Of a scale: no part is silent, and none drowns the other."""

_STEPS = 20


class Scores(NamedTuple):
    """Both parts on a batch."""

    network: npt.NDArray[np.float64]  # (T, B, K)
    counts: npt.NDArray[np.float64]  # (T, B, K)
    tags: npt.NDArray[np.int64]  # (T, B) the correct ones
    lengths: npt.NDArray[np.int64]  # (B,)


def join(
    network: TaggerNetwork,
    counts: LinearTagger,
    valid: SentenceDataset,
    gold: Sequence[Numbers],
    metric: Metric,
    *,
    entities: bool,
) -> None:
    """Put a linear model beside a trained network, which from then on answers with both.

    The scores of either part are scaled so that the validation tags are most probable; that changes
    neither's best tags. Of entities, the score of the tag "outside" is then lowered as far as that
    raises the validation score: likelihood finds too few of them (E. Minkov et al., 'NER Systems
    that Suit User's Preferences: Adjusting the Recall-Precision Trade-off for Entity Extraction',
    2006).

    Args:
        network: gets the linear model as `.counts`.
        counts: the linear model.
        valid: the validation set, with features.
        gold: its tags, (T,) each.
        metric: from the tags found in the validation set to a loss.
        entities: whether tag 0 is that of words outside of entities.
    """
    network.counts = counts.to(network.crf.start.device)
    of_network, of_counts = fit_scales(
        list(_scores(network, counts, valid, gold)),
        _chain((network.crf.start, network.crf.pairs, network.crf.end)),
        _chain((counts.crf.start, counts.crf.pairs, counts.crf.end)),
        _chain(network.crf.allowed),
    )
    with torch.no_grad():
        for weight in (*network.output.parameters(), *network.crf.parameters()):
            weight.mul_(of_network)
        for weight in (counts.weight, *counts.crf.parameters()):
            weight.mul_(of_counts)
        if entities and sum(int((tags != 0).sum()) for tags in gold) >= FEWEST:
            counts.bias[0] = -_bias(network, valid, metric)


def fit_scales(
    batches: Sequence[Scores], network: Chain, counts: Chain, allowed: Chain
) -> tuple[float, float]:
    """The scales of both parts, in RANGE, under which the correct tags are most probable.

    Args:
        batches: the scores of both on held-out sentences.
        network, counts: their scores of first tags, pairs and last tags.
        allowed: booleans of the same shapes.
    """
    # Scales within the range, in the logarithm: exp(middle + half tanh(x)).
    low, high = np.log(RANGE)
    middle, half = (low + high) / 2, (high - low) / 2
    x = torch.zeros(2, dtype=torch.float64, requires_grad=True)
    search = torch.optim.LBFGS([x], max_iter=_STEPS, line_search_fn="strong_wolfe")
    words = sum(int(batch.lengths.sum()) for batch in batches)

    def loss() -> float:
        bent = x.detach().tanh().numpy()
        scales = np.exp(middle + half * bent)
        start, pairs, end = (
            scales[0] * a + scales[1] * b for a, b in zip(network, counts, strict=True)
        )
        # Normal in the logarithm: few tags that are all correct do not make a model certain.
        total, slopes = 0.5 * (np.log(scales) ** 2).sum(), np.log(scales) / scales
        for batch in batches:
            emissions = scales[0] * batch.network + scales[1] * batch.counts
            found = gradient(emissions, batch.tags, batch.lengths, (start, pairs, end), allowed)
            total += found.loss
            for index, (own, its) in enumerate(((batch.network, network), (batch.counts, counts))):
                slopes[index] += (found.emissions * own).sum()
                slopes[index] += sum((a * b).sum() for a, b in zip(found.chain, its, strict=True))
        x.grad = torch.from_numpy(slopes * scales * half * (1 - bent**2) / words)
        return float(total / words)

    search.step(loss)  # type: ignore[no-untyped-call]
    first, second = (middle + half * x.detach().tanh()).exp().tolist()
    return first, second


def _scores(
    network: TaggerNetwork, counts: LinearTagger, valid: SentenceDataset, gold: Sequence[Numbers]
) -> Iterator[Scores]:
    """The scores of both parts on the first WORDS words of the validation set."""
    most = WORDS * min(1.0, FEW_TAGS / len(network.crf.start))
    sums = accumulate(valid.lengths.tolist())
    few = valid.subset(range(max(1, sum(1 for _ in takewhile(lambda words: words <= most, sums)))))

    def alone(padded: PaddedBatch) -> tuple[Tensor, Tensor]:
        assert padded.features is not None
        return network.emissions(padded), counts(padded.features)

    for places, scores in in_batches(network, few, alone):
        tags = np.zeros(scores[0].shape[:2], dtype=np.int64)
        for column, place in zip(tags.T, places.tolist(), strict=True):
            column[: len(gold[place])] = gold[place]
        ours, theirs = (each.double().numpy(force=True) for each in scores)
        yield Scores(ours, theirs, tags, few.lengths[places])


def _chain(parts: tuple[Tensor, Tensor, Tensor]) -> Chain:
    """First tags, pairs and last tags as arrays."""
    start, pairs, end = (part.detach().cpu().numpy() for part in parts)
    return start, pairs, end


def _bias(network: TaggerNetwork, valid: SentenceDataset, metric: Metric) -> float:
    """By how much to lower the score of tag 0; the middle of the three that do best together, for
    a validation set is small."""

    def scored(padded: PaddedBatch) -> tuple[Tensor, Tensor]:
        return network(padded), padded.lengths

    batches, crf = list(in_batches(network, valid, scored)), network.joint_crf
    losses = []
    for bias in BIASES:
        lowered = torch.zeros(len(crf.start), device=crf.start.device)
        lowered[0] = bias
        best = (
            (chosen, crf.ranked(scores - lowered, lengths)[0][0])
            for chosen, (scores, lengths) in batches
        )
        losses.append(metric(of_each(valid, best)))
    padded = np.pad(losses, 1, mode="edge")
    return float(BIASES[np.argmin(np.convolve(padded, np.ones(3), mode="valid"))])
