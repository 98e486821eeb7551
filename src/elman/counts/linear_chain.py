"""A linear-chain conditional random field over sparse features, learned in seconds.

    score(tags) = start[tag_1] + sum over t of sum over features f at t of weight[f, tag_t]
                  + sum over t of pairs[tag_t-1, tag_t] + end[tag_T]

Source: J. Lafferty, A. McCallum, F. Pereira, 'Conditional Random Fields' (2001), section 3. Learned
by AdaGrad (J. Duchi, E. Hazan, Y. Singer, 'Adaptive Subgradient Methods', 2011, section 1.1), whose
step costs only the features that are present; the result is the mean of the weights of all steps
(B. Polyak, A. Juditsky, 1992), which regularises more than a penalty did (docs/decisions.md).

Shapes: B batch, T time, N words of a batch, F features of a word, K tags.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]
RATE = 1.0
"""The step of AdaGrad."""

BATCH = 32
"""The sentences of a batch."""

Chain = tuple["NDArray[Any]", "NDArray[Any]", "NDArray[Any]"]
"""A value for each first tag (K,), each pair of tags (K, K), from the row's to the column's, and
each last tag (K,): a score, or whether it is allowed."""

_LEAST = -300.0  # of an emission below the largest: no product of two is 0


class LinearChain(NamedTuple):
    """Learned weights.

    Attributes:
        weight: (buckets, K) float32 of the features.
        chain: scores of tags that follow each other.
    """

    weight: Tensor
    chain: Chain


class Gradient(NamedTuple):
    """The loss of a batch, -log p(tags) in nats summed over its rows, and its gradient."""

    loss: float
    emissions: Floats  # (T, B, K), 0 at padding
    chain: Chain


def gradient(
    emissions: Floats, tags: Integers, lengths: Integers, chain: Chain, allowed: Chain
) -> Gradient:
    """The loss and its gradient: expected minus observed features, by the forward-backward
    algorithm in scaled probabilities (L. Rabiner, 1989, section V.A).

    Args:
        emissions: (T, B, K) float64 scores of each tag.
        tags: (T, B), the correct ones.
        lengths: (B,) words of each row, at least 1.
        chain: scores of tags that follow each other.
        allowed: which may.
    """
    start, pairs, end = (
        np.where(mask, np.exp(each), 0.0) for mask, each in zip(allowed, chain, strict=True)
    )
    times, batch, _ = emissions.shape
    real = np.arange(times)[:, None] < lengths
    largest = emissions.max(2)
    likelihood = np.exp(np.maximum(emissions - largest[..., None], _LEAST))
    forward, scale = np.empty_like(emissions), np.ones((times, batch))
    for t in range(times):
        here = (start if t == 0 else forward[t - 1] @ pairs) * likelihood[t]
        total = here.sum(1)
        scale[t] = np.where(real[t], total, 1.0)
        forward[t] = np.where(real[t, :, None], here / total[:, None], forward[t - 1])
    last = forward[-1] @ end
    log_partition = (np.log(scale) + np.where(real, largest, 0)).sum() + np.log(last).sum()
    backward, arriving = np.empty_like(emissions), np.zeros_like(emissions)
    backward[-1] = end / last[:, None]
    for t in range(times - 1, 0, -1):
        here = likelihood[t] * backward[t] / scale[t, :, None]
        arriving[t] = np.where(real[t, :, None], here, 0)
        backward[t - 1] = np.where(real[t, :, None], here @ pairs.T, backward[t])
    expected = forward * backward * real[..., None]
    of_pairs = pairs * np.tensordot(forward[:-1], arriving[1:], axes=([0, 1], [0, 1]))
    of_start, of_end = expected[0].sum(0), (forward[-1] * backward[-1]).sum(0)

    rows = np.arange(batch)
    ends = tags[lengths - 1, rows]
    observed = emissions[np.arange(times)[:, None], rows, tags][real].sum()
    observed += chain[0][tags[0]].sum() + chain[2][ends].sum()
    before, after = tags[:-1][real[1:]], tags[1:][real[1:]]
    observed += chain[1][before, after].sum()
    expected[np.arange(times)[:, None], rows, tags] -= real
    np.subtract.at(of_start, tags[0], 1)
    np.subtract.at(of_pairs, (before, after), 1)
    np.subtract.at(of_end, ends, 1)
    return Gradient(float(log_partition - observed), expected, (of_start, of_pairs, of_end))


def learn(
    rows: Sequence[Integers],
    tags: Sequence[Integers],
    allowed: Chain,
    buckets: int,
    *,
    steps: int,
    seed: int,
) -> LinearChain:
    """Learn from sentences.

    Args:
        rows: the feature ids (T, F) of each sentence, 0 to below `buckets`.
        tags: of each sentence (T,).
        allowed: which tags may be first, follow each other, and be last.
        buckets: rows of the weights.
        steps: batches of BATCH sentences to learn from.
        seed: of their order.
    """
    import torch
    from torch.nn import functional

    kinds = len(allowed[0])
    weights = _Averaged(torch.zeros(buckets, kinds))
    chain = [_Averaged(torch.zeros(mask.shape, dtype=torch.float64)) for mask in allowed]
    index = torch.zeros(buckets, dtype=torch.int64)
    lengths = np.fromiter(map(len, rows), np.int64, len(rows))
    for step, chosen in zip(range(steps), _batches(lengths, seed), strict=False):
        present = torch.from_numpy(np.concatenate([rows[place] for place in chosen]))  # (N, F)
        real = (np.arange(lengths[chosen].max())[:, None] < lengths[chosen]).T
        targets = np.zeros(real.shape, dtype=np.int64)
        targets[real] = np.concatenate([tags[place] for place in chosen])
        emissions = np.zeros((*real.shape, kinds))
        emissions[real] = functional.embedding_bag(present, weights.value, mode="sum").numpy()
        found = gradient(
            emissions.transpose(1, 0, 2),
            targets.T,
            lengths[chosen],
            (chain[0].value.numpy(), chain[1].value.numpy(), chain[2].value.numpy()),
            allowed,
        )
        of_words = torch.from_numpy(found.emissions.transpose(1, 0, 2)[real]).float()  # (N, K)
        distinct, inverse = _distinct(present.flatten(), index)
        summed = torch.zeros(len(distinct), kinds)
        summed.index_add_(0, inverse, of_words.repeat_interleave(present.shape[1], 0))
        weights.update(distinct, summed, step)
        for part, each in zip(chain, found.chain, strict=True):
            part.update(slice(None), torch.from_numpy(each), step)
    start, pairs, end = (part.mean(steps).numpy() for part in chain)
    return LinearChain(weights.mean(steps), (start, pairs, end))


class _Averaged:
    """Weights that AdaGrad updates by rows, and the mean of all their values over time."""

    def __init__(self, value: Tensor) -> None:
        import torch

        self.value = value
        self._squares = torch.ones_like(value)
        self._late = torch.zeros_like(value)  # the sum of updates, each times its step

    def update(self, rows: Any, gradients: Tensor, step: int) -> None:
        squares = self._squares[rows] + gradients.square()
        self._squares[rows] = squares
        change = RATE * gradients / squares.sqrt()
        self.value[rows] -= change
        self._late[rows] += step * change

    def mean(self, steps: int) -> Tensor:
        """The mean of the values after each of these steps."""
        return self.value + self._late / max(1, steps)


def _distinct(ids: Tensor, index: Tensor) -> tuple[Tensor, Tensor]:
    """The distinct ids and, for each id, its index among them; without sorting.

    Args:
        ids: from 0 to below len(index).
        index: of integers; overwritten.
    """
    import torch

    places = torch.arange(len(ids))
    index[ids] = places
    distinct = ids[index[ids] == places]
    index[distinct] = torch.arange(len(distinct))
    return distinct, index[ids]


def _batches(lengths: Integers, seed: int) -> Iterator[Integers]:
    """Batches of sentences of about one length, epoch after epoch, in random order."""
    generator = np.random.default_rng(seed)
    while True:
        order = np.argsort(lengths + 3 * generator.random(len(lengths)), kind="stable")
        batches = [order[at : at + BATCH] for at in range(0, len(order), BATCH)]
        for number in generator.permutation(len(batches)):
            yield batches[number]
