"""A linear-chain conditional random field over sequences of tags.

    score(tags) = start[tag_1] + sum over t of logits[t, tag_t]
                  + sum over t of pairs[tag_t-1, tag_t] + end[tag_T]
    p(tags) = exp(score(tags)) / sum over all sequences of exp(score)

All in log space. Forbidden transitions score (almost) minus infinity, so that every sequence with
one has probability 0 and is never the best.

Source: J. Lafferty, A. McCallum, F. Pereira, 'Conditional Random Fields' (2001), section 3;
G. Lample et al., 'Neural Architectures for Named Entity Recognition' (2016), equations 1 to 3.

Shapes: B batch, T time, K tags, N best sequences. Time comes first. Tokens after a row's length are
padding and ignored.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

FORBIDDEN = -1e4  # far below any learned score; minus infinity has no gradient


class Transitions(NamedTuple):
    """A value for each first tag, each pair and each last tag: allowed (bool) or a score."""

    start: Tensor  # (K,)
    pairs: Tensor  # (K, K), from the row's tag to the column's
    end: Tensor  # (K,)


class CRF(nn.Module):
    """Learned scores of the allowed transitions.

    Args:
        allowed: booleans; fixed.
    """

    allowed_start: Tensor
    allowed_pairs: Tensor
    allowed_end: Tensor

    def __init__(self, allowed: Transitions) -> None:
        super().__init__()
        for name, mask in zip(Transitions._fields, allowed, strict=True):
            self.register_buffer(f"allowed_{name}", mask, persistent=False)
        self.start = nn.Parameter(torch.zeros(len(allowed.start)))
        self.pairs = nn.Parameter(torch.zeros(allowed.pairs.shape))
        self.end = nn.Parameter(torch.zeros(len(allowed.end)))

    @property
    def allowed(self) -> Transitions:
        """The booleans that it was made from."""
        return Transitions(self.allowed_start, self.allowed_pairs, self.allowed_end)

    def scores(self, forbidden: float = FORBIDDEN) -> Transitions:
        """The scores of the transitions, `forbidden` where they are not allowed."""
        return Transitions(
            self.start.masked_fill(~self.allowed_start, forbidden),
            self.pairs.masked_fill(~self.allowed_pairs, forbidden),
            self.end.masked_fill(~self.allowed_end, forbidden),
        )

    def log_probability(self, logits: Tensor, tags: Tensor, lengths: Tensor) -> Tensor:
        """logits (T, B, K), tags (T, B) -> log p(tags) (B,)."""
        return self.score(logits, tags, lengths) - self.log_partition(logits, lengths)

    def score(self, logits: Tensor, tags: Tensor, lengths: Tensor) -> Tensor:
        """logits (T, B, K), tags (T, B) -> the unnormalised score (B,)."""
        start, pairs, end = self.scores()
        times = torch.arange(len(tags), device=tags.device)[:, None]
        emissions = logits.gather(2, tags[..., None])[..., 0]
        emissions = emissions.masked_fill(times >= lengths, 0).sum(0)
        transitions = pairs[tags[:-1], tags[1:]].masked_fill(times[1:] >= lengths, 0).sum(0)
        last = tags.gather(0, (lengths - 1)[None])[0]
        return emissions + transitions + start[tags[0]] + end[last]

    def log_partition(self, logits: Tensor, lengths: Tensor) -> Tensor:
        """logits (T, B, K) -> the log of the sum over all sequences (B,)."""
        forward = self._forward(logits, lengths)
        return (forward[-1] + self.scores().end).logsumexp(1)

    def marginals(self, logits: Tensor, lengths: Tensor) -> Tensor:
        """logits (T, B, K) -> log p(tag at t) (T, B, K), by the forward-backward algorithm.

        Values at padding are undefined.
        """
        _, pairs, end = self.scores()
        logits = _normalized(logits)
        forward = self._forward(logits, lengths)
        backward = end.expand_as(logits[0])
        after = [backward]
        for t in range(len(logits) - 1, 0, -1):
            previous = (pairs + (logits[t] + backward)[:, None]).logsumexp(2)
            backward = torch.where((t < lengths)[:, None], previous, backward)
            after.append(backward)
        return (forward + torch.stack(after[::-1])).log_softmax(2)

    def _forward(self, logits: Tensor, lengths: Tensor) -> Tensor:
        """The forward scores (T, B, K): the log of the sum over all prefixes that end in each tag;
        padding repeats a row's last value."""
        start, pairs, _ = self.scores()
        reached = start + logits[0]
        all_reached = [reached]
        for t in range(1, len(logits)):
            following = (reached[:, :, None] + pairs).logsumexp(1) + logits[t]
            reached = torch.where((t < lengths)[:, None], following, reached)
            all_reached.append(reached)
        return torch.stack(all_reached)

    def best(self, logits: Tensor, lengths: Tensor, count: int = 1) -> tuple[Tensor, Tensor]:
        """The `count` best sequences of each row, the best first.

        Returns:
            tags (N, T, B) and log p (N, B), minus infinity beyond the allowed sequences of a row.
        """
        logits = _normalized(logits)
        tags, scores = self.ranked(logits, lengths, count)
        return tags, scores - self.log_partition(logits, lengths)

    def ranked(self, logits: Tensor, lengths: Tensor, count: int = 1) -> tuple[Tensor, Tensor]:
        """As `best`, but with unnormalised scores: tags (N, T, B), scores (N, B).

        Keeps the N best prefixes for every tag (L. Rabiner, 'A Tutorial on Hidden Markov Models',
        1989, section III.B for N = 1: A. Viterbi, 1967).
        """
        # No gradient here, so use minus infinity: a long row of learned scores can sum to less than
        # FORBIDDEN.
        start, pairs, end = self.scores(forbidden=-torch.inf)
        steps, batch, kinds = logits.shape
        rows = torch.arange(batch, device=logits.device)[:, None]
        reached = logits.new_full((batch, kinds, count), -torch.inf)
        reached[:, :, 0] = start + logits[0]
        sources = []
        stay = torch.arange(kinds * count, device=logits.device).view(kinds, count)
        for t in range(1, steps):
            # For each tag, the best of all previous tags and ranks: (B, to, from, n)
            candidates = reached[:, None] + pairs.t()[..., None]
            best, source = _largest(candidates.flatten(2), count)  # (B, K, N)
            following = best + logits[t][..., None]
            in_row = (t < lengths)[:, None, None]
            reached = torch.where(in_row, following, reached)
            sources.append(torch.where(in_row, source, stay))
        scores, index = _largest((reached + end[:, None]).flatten(1), count)  # (B, N)
        path = [index // count]
        for source in reversed(sources):
            index = source.flatten(1)[rows, index]
            path.append(index // count)
        return torch.stack(path[::-1]).permute(2, 0, 1), scores.t()


def _largest(x: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """The `count` largest values of the last dimension, and their indices."""
    # max is several times as fast as topk.
    return x.max(-1, keepdim=True) if count == 1 else x.topk(count)


def _normalized(logits: Tensor) -> Tensor:
    """Normalise the logits of each token, which changes no probability: sums over long rows then
    stay small and exact."""
    return logits - logits.logsumexp(2, keepdim=True)
