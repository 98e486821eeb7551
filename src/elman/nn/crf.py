"""A linear-chain conditional random field: which sequences of tags hang together.

    score(tags) = start[tag_1] + sum over t of logits[t, tag_t]
                  + sum over t of pairs[tag_t-1, tag_t] + end[tag_T]
    p(tags) = exp(score(tags)) / sum over all sequences of exp(score)

All in log space. Transitions that are not allowed score minus infinity (as good as), so that no
illegal sequence is ever the best one, nor has any probability.

Source: J. Lafferty, A. McCallum, F. Pereira, 'Conditional Random Fields' (2001), section 3;
G. Lample et al., 'Neural Architectures for Named Entity Recognition' (2016), equations 1 to 3.

Shapes: B batch, T time, K tags, N sequences wanted. Time comes first. Rows end after their
lengths; what stands behind is not looked at.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

FORBIDDEN = -1e4  # far below any difference of real scores; a true infinity has no gradient


class Transitions(NamedTuple):
    """Which tags may begin, follow each other and end: booleans."""

    start: Tensor  # (K,)
    pairs: Tensor  # (K, K), from a row's tag to a column's
    end: Tensor  # (K,)


class CRF(nn.Module):
    """The scores of transitions, learned where they are allowed.

    Args:
        allowed: what may follow what; kept as a constant.
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

    def scores(self, forbidden: float = FORBIDDEN) -> Transitions:
        """The transitions' scores (float), `forbidden` where they are not allowed."""
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
        said = logits.gather(2, tags[..., None])[..., 0]
        said = said.masked_fill(times >= lengths, 0).sum(0)
        follows = pairs[tags[:-1], tags[1:]].masked_fill(times[1:] >= lengths, 0).sum(0)
        last = tags.gather(0, (lengths - 1)[None])[0]
        return said + follows + start[tags[0]] + end[last]

    def log_partition(self, logits: Tensor, lengths: Tensor) -> Tensor:
        """logits (T, B, K) -> the log of the sum over all sequences (B,)."""
        forward = self._forward(logits, lengths)
        return (forward[-1] + self.scores().end).logsumexp(1)

    def marginals(self, logits: Tensor, lengths: Tensor) -> Tensor:
        """logits (T, B, K) -> log p(tag at t) (T, B, K): forward and backward scores together.

        Padding's values mean nothing.
        """
        _, pairs, end = self.scores()
        logits = _level(logits)
        forward = self._forward(logits, lengths)
        backward = end.expand_as(logits[0])
        after = [backward]
        for t in range(len(logits) - 1, 0, -1):
            ahead = (pairs + (logits[t] + backward)[:, None]).logsumexp(2)
            backward = torch.where((t < lengths)[:, None], ahead, backward)
            after.append(backward)
        together = forward + torch.stack(after[::-1])
        return together.log_softmax(2)

    def _forward(self, logits: Tensor, lengths: Tensor) -> Tensor:
        """The log of the sum over all beginnings that end in a tag, (T, B, K); a row's last
        value stands still behind its end."""
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
            tags (N, T, B) and log p (N, B). A row that has fewer legal sequences has minus
            infinity for the others.
        """
        logits = _level(logits)
        tags, scores = self.ranked(logits, lengths, count)
        return tags, scores - self.log_partition(logits, lengths)

    def ranked(self, logits: Tensor, lengths: Tensor, count: int = 1) -> tuple[Tensor, Tensor]:
        """`best` without its probabilities: tags (N, T, B) and unnormalised scores (N, B).

        A list of the N best beginnings is kept for every tag (L. Rabiner, 'A Tutorial on Hidden
        Markov Models', 1989, section III.B for N = 1, of A. Viterbi, 1967).
        """
        # Nothing is learned here, so what is not allowed may be a true minus infinity: a long
        # row of real scores can come to less than FORBIDDEN.
        start, pairs, end = self.scores(forbidden=-torch.inf)
        steps, batch, kinds = logits.shape
        places = torch.arange(batch, device=logits.device)[:, None]
        reached = logits.new_full((batch, kinds, count), -torch.inf)
        reached[:, :, 0] = start + logits[0]
        sources = []
        stay = torch.arange(kinds * count, device=logits.device).view(kinds, count)
        for t in range(1, steps):
            # For each tag, the best of all tags and ranks before it: (B, to, from, n)
            onward = reached[:, None] + pairs.t()[..., None]
            best, source = _largest(onward.flatten(2), count)  # (B, K, N)
            following = best + logits[t][..., None]
            goes_on = (t < lengths)[:, None, None]
            reached = torch.where(goes_on, following, reached)
            sources.append(torch.where(goes_on, source, stay))
        scores, place = _largest((reached + end[:, None]).flatten(1), count)  # (B, N)
        found = [place // count]
        for source in reversed(sources):
            place = source.flatten(1)[places, place]
            found.append(place // count)
        return torch.stack(found[::-1]).permute(2, 0, 1), scores.t()


def _largest(x: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """The `count` largest of the last dimension, and their places there."""
    # Where one is wanted this is several times as fast.
    return x.max(-1, keepdim=True) if count == 1 else x.topk(count)


def _level(logits: Tensor) -> Tensor:
    """The logits less what is common to a time's tags, which changes no probability: so that the
    sums over long rows stay small, and exact."""
    return logits - logits.logsumexp(2, keepdim=True)
