"""The CRF of a tagger beside the same sums in log space.

Shapes: T tokens, B sentences, K tags.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from elman.nn.crf import CRF, Transitions
from timings.comparison import Comparison, Goal, Group, Peer, Ratio, counted

TAGS = (9, 17, 159)
TOKENS, SENTENCES = 25, 32
OURS, REFERENCE = "Elman", "log space"
RATIO = Ratio("Elman / log space", OURS, (REFERENCE,))

Sums = Callable[[CRF, Tensor, Tensor], Tensor]


def tag_sequences(threads: int) -> Group:
    """The log of the sum over all tag sequences, forward and backward."""
    title = (
        f"tags: a CRF's log partition of {SENTENCES} sentences of 1 to {TOKENS} tokens, forward "
        f"and backward, {counted(threads)}"
    )
    return Group(title, (RATIO,), map(_comparison, TAGS), threads)


def _comparison(tags: int) -> Comparison:
    generator = torch.Generator().manual_seed(0)
    every = torch.ones(tags, dtype=torch.bool)
    crf = CRF(Transitions(every, torch.rand(tags, tags, generator=generator) < 0.7, every))
    logits = torch.randn(TOKENS, SENTENCES, tags, generator=generator).requires_grad_()
    lengths = torch.randint(1, TOKENS + 1, (SENTENCES,), generator=generator)
    ways: dict[str, Sums] = {OURS: CRF.log_partition, REFERENCE: in_log_space}
    peers = [
        Peer(name, partial(_prepared, partial(sums, crf, logits, lengths), logits))
        for name, sums in ways.items()
    ]
    goals = {RATIO.name: Goal(8, 15)} if tags == max(TAGS) else {}
    return Comparison(f"{tags} tags", peers, goals)


def _prepared(sums: Callable[[], Tensor], logits: Tensor) -> Callable[[], object]:
    return lambda: torch.autograd.grad(sums().sum(), logits)


def in_log_space(crf: CRF, logits: Tensor, lengths: Tensor) -> Tensor:
    """`CRF.log_partition` as textbooks write it: K x K logarithms a token."""
    start, pairs, end = crf.scores()
    reached = start + logits[0]
    for time in range(1, len(logits)):
        following = (reached[:, :, None] + pairs).logsumexp(1) + logits[time]
        reached = torch.where((time < lengths)[:, None], following, reached)
    return (reached + end).logsumexp(1)
