"""Interpolated modified Kneser-Ney: the n-gram that a network has to beat.

Chen and Goodman, 'An empirical study of smoothing techniques for language modeling' (1998),
section 3: three discounts an order, continuation counts below the highest order, every order
interpolated with the one beneath it and the lowest with the uniform distribution, so that no
token ever has probability 0.

Shapes: V vocabulary, T length of a text, N order, M distinct n-grams of one order, B rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from elman.errors import EmptyTextError, SettingError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    Tokens = npt.NDArray[np.integer[Any]]
    Ids = npt.NDArray[np.int64]
    Floats = npt.NDArray[np.float64]


BOUNDARY = 0
"""The token between two documents."""


@dataclass(frozen=True, eq=False, slots=True)
class _Table:
    """The M distinct n-grams of one order n >= 2, sorted by context, then by token.

    An n-gram's id is its place in this order; as a context for order n + 1 it goes by the same
    id. Order 1 has no table: there a token is its own id. Chaining ids in this way keeps a key
    below M * V, so it fits 64 bits at any order.
    """

    keys: Ids  # (M,) id of the first n - 1 tokens, times V, plus the last token
    probabilities: Floats  # (M,) of the last token after the others, already interpolated
    starts: Ids  # (contexts + 1,) a context's n-grams are starts[context]:starts[context + 1]
    # (contexts + 1,) the share left to the order beneath, gamma in the paper; 1 for a context
    # that nothing follows, and in the last place, which is where context -1 (unseen) looks.
    backoff: Floats

    def find(self, contexts: Ids, tokens: Ids, vocabulary: int) -> Ids:
        """The ids of the n-grams (context, token), or -1; a context of -1 finds nothing."""
        wanted = contexts * vocabulary + tokens
        places = np.minimum(np.searchsorted(self.keys, wanted), self.keys.size - 1)
        return np.where(self.keys[places] == wanted, places, -1)


@dataclass(frozen=True, eq=False, slots=True)
class KneserNey:
    """An n-gram model of token ids 0..V-1.

    Token 0 is the BOUNDARY between documents. It is predicted like any other token, and it is
    the first token of every context behind it: no n-gram reaches back across it. What a text
    says about the start of a document is thus learned from all of them.

    Attributes:
        vocabulary: V.
        order: N, the length of the longest n-gram asked for.
        discounts: (N, 3), D1, D2 and D3+ of orders 1..N; 0 for an order that has no n-grams.
    """

    vocabulary: int
    order: int
    discounts: Floats
    _unigrams: Floats  # (V,)
    _tables: tuple[_Table, ...]  # orders 2, 3, ..., as far as the text had any n-grams

    @classmethod
    def train(cls, ids: Tokens, vocabulary: int, order: int) -> KneserNey:
        """Count the n-grams of a text and smooth them.

        The text is read as if a BOUNDARY stood before its first token, unless one does. An
        n-gram that begins with the BOUNDARY has nothing to its left to count, so it keeps its
        plain count at every order (Heafield et al. 2013, section 3.2).

        Args:
            ids: (T,) integers below V; a memmap will do.
            vocabulary: V.
            order: N, at least 1. About 5 for words, up to 8 for characters.

        Raises:
            SettingError: the order or the vocabulary is less than 1.
            EmptyTextError: no token to learn from.
            ValueError: ids that are not integers in one dimension, all of them below V.
        """
        if order < 1:
            raise SettingError(f"{order} is no length for an n-gram", location="order")
        if vocabulary < 1:
            raise SettingError(f"{vocabulary} tokens are too few", location="vocabulary")
        text = _checked(ids, vocabulary)
        if text.size and text[0] != BOUNDARY:
            text = np.concatenate([np.array([BOUNDARY]), text])
        if text.size < 2:
            raise EmptyTextError("no token to learn an n-gram from")

        positions = np.arange(text.size)
        boundaries = np.maximum.accumulate(np.where(text == BOUNDARY, positions, 0))
        ends = positions[1:]  # where an n-gram of the order at hand may end
        reach = ends - boundaries[:-1]  # (T - 1,) how many tokens of context each of them has
        grams = text  # (T,) the id of the n-gram, one order lower, that ends at each position
        every = np.arange(vocabulary)
        counts = np.bincount(text[1:], minlength=vocabulary)
        counted = [_Counted(every, counts, np.zeros_like(every))]
        for length in range(2, order + 1):
            far_enough = reach >= length - 1
            ends, reach = ends[far_enough], reach[far_enough]
            if ends.size == 0:
                break
            keys, first, inverse, counts = np.unique(
                grams[ends - 1] * vocabulary + text[ends],
                return_index=True,
                return_inverse=True,
                return_counts=True,
            )
            counted.append(_Counted(keys, counts, grams[ends[first]]))
            grams = np.full(text.size, -1)
            grams[ends] = inverse
        return cls._smoothed(counted, vocabulary, order)

    @classmethod
    def _smoothed(cls, counted: list[_Counted], vocabulary: int, order: int) -> KneserNey:
        """From the counts of orders 1, 2, ... to probabilities, the lowest order first."""
        discounts = np.zeros((order, 3))
        tables: list[_Table] = []
        lower = np.array([1 / vocabulary])  # order 0: uniform, and the empty context its one n-gram
        for index, grams in enumerate(counted):
            counts = grams.counts
            if index + 1 < len(counted):
                different = np.bincount(counted[index + 1].suffixes, minlength=counts.size)
                # Nothing to the left means that the n-gram begins with the BOUNDARY.
                counts = np.where(different > 0, different, counts)
            discounts[index] = _discounts(counts)
            removed = np.concatenate([[0], discounts[index]])[np.minimum(counts, 3)]
            contexts = grams.keys // vocabulary
            totals = np.bincount(contexts, weights=counts, minlength=lower.size)
            mass = np.bincount(contexts, weights=removed, minlength=lower.size)
            backoff = np.ones(lower.size + 1)
            np.divide(mass, totals, out=backoff[:-1], where=totals > 0)
            probabilities = (counts - removed) / totals[contexts]
            probabilities += backoff[contexts] * lower[grams.suffixes]
            starts = np.searchsorted(contexts, np.arange(lower.size + 1))
            tables.append(_Table(grams.keys, probabilities, starts, backoff))
            lower = probabilities
        return cls(vocabulary, order, discounts, tables[0].probabilities, tuple(tables[1:]))

    def log_probabilities(self, ids: Tokens) -> Floats:
        """log p(ids[t] | the up to N - 1 tokens before it), for t = 1..T-1, in nats.

        Args:
            ids: (T,) integers below V; ids[0] is context only. Nothing is imagined before it.

        Returns:
            (T - 1,) float64.

        Raises:
            ValueError: ids that are not integers in one dimension, all of them below V.
        """
        text = _checked(ids, self.vocabulary)
        tokens = text[1:]
        probabilities = self._unigrams[tokens]
        for table, contexts in zip(self._tables, self._contexts(text[:-1]), strict=True):
            grams = table.find(contexts, tokens, self.vocabulary)
            backed_off = probabilities * table.backoff[contexts]
            probabilities = np.where(grams >= 0, table.probabilities[grams], backed_off)
        return np.log(probabilities)

    def distributions(
        self, ids: Tokens, positions: Tokens | None = None, *, batch: int = 64
    ) -> Iterator[npt.NDArray[np.float32]]:
        """The distribution of the token at each position, after everything before it.

        Args:
            ids: (T,) integers below V.
            positions: (P,) each from 1 to T, in any order; T asks for what follows the text.
                By default 1..T-1, the positions of `log_probabilities`.
            batch: rows in an array, at least 1.

        Yields:
            (at most batch, V) float32 rows, each summing to 1 within rounding: P in all.

        Raises:
            SettingError: batch is less than 1.
            ValueError: ids or positions that are not integers in one dimension, within bounds.
        """
        if batch < 1:
            raise SettingError(f"{batch} rows make no batch", location="batch")
        text = _checked(ids, self.vocabulary)
        if positions is None:
            positions = np.arange(1, text.size)
        last = _checked(positions, text.size + 1) - 1  # the place of the context's last token
        if last.size and last.min() < 0:
            raise ValueError("position 0 has nothing before it")
        return self._batches(list(self._contexts(text)), last, batch)

    def _batches(
        self, contexts: list[Ids], last: Ids, batch: int
    ) -> Iterator[npt.NDArray[np.float32]]:
        for start in range(0, last.size, batch):
            places = last[start : start + batch]
            rows = np.empty((places.size, self.vocabulary), dtype=np.float32)
            self._fill(rows, [of_one_order[places] for of_one_order in contexts])
            yield rows

    def _contexts(self, text: Ids) -> Iterator[Ids]:
        """For orders 2, 3, ...: (T,), the id of the context that ends at each position, or -1.

        An n-gram that ends with the BOUNDARY is a context that nothing was counted after, so
        the cut at a BOUNDARY, made once in training, needs no care here.
        """
        contexts = text
        for table in self._tables:
            yield contexts
            grams = np.full(text.size, -1)
            grams[1:] = table.find(contexts[:-1], text[1:], self.vocabulary)
            contexts = grams

    def _fill(self, rows: npt.NDArray[np.floating[Any]], contexts: Sequence[Ids]) -> None:
        """Write distributions into rows (B, V), given each row's context id for each order."""
        weights = [np.ones(len(rows))]  # (B,) what the orders above leave to each, highest first
        for table, of_one_order in zip(self._tables[::-1], contexts[::-1], strict=True):
            weights.append(weights[-1] * table.backoff[of_one_order])
        np.multiply.outer(weights.pop(), self._unigrams, out=rows, casting="same_kind")
        flat = rows.reshape(-1)
        # A token's longest n-gram decides, so longer ones overwrite shorter ones.
        for table, of_one_order in zip(self._tables, contexts, strict=True):
            weight = weights.pop()
            seen = np.flatnonzero(of_one_order >= 0)
            starts = table.starts[of_one_order[seen]]
            lengths = table.starts[of_one_order[seen] + 1] - starts
            row = np.repeat(seen, lengths)
            grams = np.arange(row.size) + np.repeat(starts - lengths.cumsum() + lengths, lengths)
            places = row * self.vocabulary + table.keys[grams] % self.vocabulary
            flat[places] = table.probabilities[grams] * weight[row]


@dataclass(frozen=True, eq=False, slots=True)
class _Counted:
    """The M distinct n-grams of one order, as met in the text."""

    keys: Ids  # (M,) as in _Table; for order 1 the tokens
    counts: Ids  # (M,) how often each was met
    suffixes: Ids  # (M,) the id, one order lower, of what is left without the first token


def _discounts(counts: Ids) -> Floats:
    """D1, D2 and D3+ (Chen and Goodman 1998, section 3, where they are derived).

    D_k = k - (k + 1) Y n_{k+1} / n_k with Y = n_1 / (n_1 + 2 n_2), and n_k the n-grams counted
    k times. Where these are too few to put a discount strictly between 0 and k, it is k / 2,
    which are KenLM's fallbacks too: strictly, for 0 would leave nothing to the order beneath.
    """
    met = np.bincount(np.minimum(counts, 5), minlength=6).astype(np.float64)
    discounts = np.array([0.5, 1.0, 1.5])
    if met[1] == 0:
        return discounts
    once = met[1] / (met[1] + 2 * met[2])
    for count in (1, 2, 3):
        if met[count] > 0:
            discount = count - (count + 1) * once * met[count + 1] / met[count]
            if 0 < discount < count:
                discounts[count - 1] = discount
    return discounts


def _checked(ids: Tokens, bound: int) -> Ids:
    """(T,) ids as int64, known to lie in 0..bound-1."""
    if ids.ndim != 1 or not (ids.size == 0 or np.issubdtype(ids.dtype, np.integer)):
        raise ValueError(f"expected integers in one dimension, not {ids.dtype} {ids.shape}")
    if ids.size and not 0 <= ids.min() <= ids.max() < bound:
        raise ValueError(f"expected 0..{bound - 1}, found {ids.min()}..{ids.max()}")
    return ids.astype(np.int64)
