"""A linear-chain conditional random field over sequences of tags.

    score(tags) = start[tag_1] + sum over t of logits[t, tag_t]
                  + sum over t of pairs[tag_t-1, tag_t] + end[tag_T]
    p(tags) = exp(score(tags)) / sum over all sequences of exp(score)

Sums over all sequences are sums of exponentials, scaled at each token, so that a step is one
product of matrices: with many tags much faster than K x K logarithms. Forbidden transitions score
(almost) minus infinity, so that every sequence with one has probability 0 and is never the best.

Source: J. Lafferty, A. McCallum, F. Pereira, 'Conditional Random Fields' (2001), section 3;
G. Lample et al., 'Neural Architectures for Named Entity Recognition' (2016), equations 1 to 3;
L. Rabiner, 'A Tutorial on Hidden Markov Models' (1989), section V.A, for the scaling.

Shapes: B batch, T time, K tags, N best sequences. Time comes first. Tokens after a row's length are
padding and ignored.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from elman.nn.compiled.chain import CACHED, FORBIDDEN, TINY


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
        log_z: Tensor = _LogPartition.apply(logits, lengths, *self.scores())  # type: ignore[no-untyped-call]
        return log_z

    def marginals(self, logits: Tensor, lengths: Tensor) -> Tensor:
        """logits (T, B, K) -> log p(tag at t) (T, B, K), by the forward-backward algorithm.

        Values at padding are undefined.
        """
        sums = _Sums(logits, lengths, self.scores())
        probabilities = sums.forward * sums.backward()
        return probabilities.clamp_min(TINY).log().to(logits.dtype)

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
        1989, section III.B for N = 1: A. Viterbi, 1967). With N = 1 the search keeps
        scores only, and finds the tags on the way back.
        """
        # No gradient here, so use minus infinity: a long row of learned scores can sum to less than
        # FORBIDDEN.
        scores = self.scores(forbidden=-torch.inf)
        if count == 1:
            return _best_path(scores, logits, lengths)
        start, pairs, end = scores
        steps, batch, kinds = logits.shape
        rows = torch.arange(batch, device=logits.device)[:, None]
        reached = logits.new_full((batch, kinds, count), -torch.inf)
        reached[:, :, 0] = start + logits[0]
        sources = []
        stay = torch.arange(kinds * count, device=logits.device).view(kinds, count)
        for t in range(1, steps):
            # For each tag, the best of all previous tags and ranks: (B, to, from, n)
            candidates = reached[:, None] + pairs.t()[..., None]
            best, source = candidates.flatten(2).topk(count)  # (B, K, N)
            following = best + logits[t][..., None]
            in_row = (t < lengths)[:, None, None]
            reached = torch.where(in_row, following, reached)
            sources.append(torch.where(in_row, source, stay))
        totals, index = (reached + end[:, None]).flatten(1).topk(count)  # (B, N)
        path = [index // count]
        for source in reversed(sources):
            index = source.flatten(1)[rows, index]
            path.append(index // count)
        return torch.stack(path[::-1]).permute(2, 0, 1), totals.t()


class _Sums:
    """The sums over the sequences up to each tag of each token and from there on, in float64.

    Attributes:
        forward: (T, B, K) the sums up to each tag, scaled so that those of a token add up to 1;
            padding repeats a row's last token.
        log_partition: (B,).
    """

    def __init__(self, logits: Tensor, lengths: Tensor, scores: Transitions) -> None:
        first, pairs, last = (each.double() for each in scores)
        logits = logits.double()
        highest = logits.amax(2)
        self._emissions = (logits - highest[..., None]).exp()
        self._pairs = (pairs - pairs.amax()).exp()
        self._last = (last - last.amax()).exp()
        self._real = torch.arange(len(logits), device=logits.device)[:, None] < lengths
        reached = (first - first.amax()).exp() * self._emissions[0]
        forward: list[Tensor] = []
        scales: list[Tensor] = []
        for t in range(len(logits)):
            if t:
                reached = (forward[-1] @ self._pairs) * self._emissions[t]
            sums = reached.sum(1).clamp_min(TINY)
            scaled = reached / sums[:, None]
            forward.append(scaled.where(self._real[t, :, None], forward[-1]) if t else scaled)
            scales.append(sums)
        self.forward, self._scales = torch.stack(forward), torch.stack(scales)
        self._ends = (self.forward[-1] @ self._last).clamp_min(TINY)
        of_tokens = (self._scales.log() + highest).where(self._real, 0).sum(0)
        of_pairs = (lengths - 1) * pairs.amax()
        of_ends = first.amax() + last.amax() + self._ends.log()
        self.log_partition = of_tokens + of_pairs + of_ends

    def backward(self) -> Tensor:
        """(T, B, K) the sums from each tag on, scaled so that its product with `forward` is the
        probability of each tag."""
        backward = [self._last / self._ends[:, None]]
        for t in range(len(self.forward) - 1, 0, -1):
            before = self._with_emissions(t, backward[-1]) @ self._pairs.t()
            backward.append(before.where(self._real[t, :, None], backward[-1]))
        return torch.stack(backward[::-1])

    def _with_emissions(self, t: slice | int, backward: Tensor) -> Tensor:
        """The sums from tokens `t` on, with their own emissions."""
        return self._emissions[t] * backward / self._scales[t][..., None]

    def gradients(self, of_rows: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Of the logits (T, B, K) and of the scores of the transitions, from that of the log
        partition (B,): the expected counts."""
        backward = self.backward()
        weighted = (of_rows * self._real)[..., None]  # (T, B, 1)
        of_logits = self.forward * backward * weighted
        later = slice(1, None)
        after = (self._with_emissions(later, backward[later]) * weighted[later]).flatten(0, 1)
        of_pairs = self._pairs * (self.forward[:-1].flatten(0, 1).t() @ after)
        of_last = (self.forward[-1] * backward[-1] * of_rows[:, None]).sum(0)
        return of_logits, of_logits[0].sum(0), of_pairs, of_last


class _LogPartition(torch.autograd.Function):
    """The log of the sum over all sequences, whose gradients are expected counts."""

    @staticmethod
    def forward(ctx: Any, logits: Tensor, lengths: Tensor, *scores: Tensor) -> Tensor:
        ctx.sums = _Sums(logits, lengths, Transitions(*scores))
        ctx.types = [each.dtype for each in (logits, *scores)]
        log_z: Tensor = ctx.sums.log_partition
        return log_z.to(logits.dtype)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, of_rows: Tensor) -> tuple[Tensor | None, ...]:
        found = ctx.sums.gradients(of_rows.double())
        of_logits, *of_scores = (
            each.to(dtype) for each, dtype in zip(found, ctx.types, strict=True)
        )
        return of_logits, None, *of_scores


def _best_path(scores: Transitions, logits: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
    """The best sequence of each row: tags (1, T, B), score (1, B)."""
    start, pairs, end = scores
    reached = [start + logits[0]]  # the score of the best prefix that ends in each tag
    real = torch.arange(len(logits), device=logits.device)[:, None] < lengths
    for emissions, in_row in zip(logits[1:], real[1:], strict=True):
        following = _max_plus(reached[-1], pairs) + emissions
        reached.append(following.where(in_row[:, None], reached[-1]))
    total, tag = (reached[-1] + end).max(1)
    path = [tag]
    for before, in_row in zip(reached[-2::-1], real.flip(0), strict=False):
        tag = (before + pairs.t()[tag]).argmax(1).where(in_row, tag)
        path.append(tag)
    return torch.stack(path[::-1])[None], total[None]


def _max_plus(x: Tensor, pairs: Tensor) -> Tensor:
    """x (B, K) and pairs (K, K) -> the maximum over j of x[:, j] + pairs[j] (B, K)."""
    if len(x) * pairs.numel() <= CACHED:
        return (x[:, :, None] + pairs).amax(1)
    # Tag by tag the sums stay in the cache: with 150 tags five times as fast.
    highest = torch.full_like(x, -torch.inf)
    for scores, of_tag in zip(x.t(), pairs, strict=True):
        torch.maximum(highest, scores[:, None] + of_tag, out=highest)
    return highest


def _normalized(logits: Tensor) -> Tensor:
    """Normalise the logits of each token, which changes no probability: sums over long rows then
    stay small and exact."""
    return logits - logits.logsumexp(2, keepdim=True)
