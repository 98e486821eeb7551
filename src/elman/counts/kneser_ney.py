"""An interpolated modified Kneser-Ney n-gram model, the baseline of language models.

Chen and Goodman, 'An empirical study of smoothing techniques for language modeling' (1998),
section 3: three discounts an order, continuation counts below the highest order, each order
interpolated with the next lower one and the lowest with the uniform distribution, so that every
token has a positive probability.

Shapes: V vocabulary, T length of a text, N order, M distinct n-grams of one order, B rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from elman.errors import EmptyTextError, SettingError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    Tokens = npt.NDArray[np.integer[Any]]
    Ids = npt.NDArray[np.int64]
    Floats = npt.NDArray[np.float64]


BOUNDARY = 0
"""The id of the token between two documents."""


@dataclass(frozen=True, eq=False, slots=True)
class _Table:
    """The M distinct n-grams of one order n >= 2, sorted by context, then by token.

    The id of an n-gram is its index in this order, also as a context of order n + 1. Order 1 has no
    table: the id is the token. So a key stays below M * V and fits 64 bits at any order.
    """

    keys: Ids  # (M,) id of the first n - 1 tokens, times V, plus the last token
    probabilities: Floats  # (M,) of the last token after the others, already interpolated
    shares: Floats  # (M,) the part of `probabilities` that is not from the lower order
    starts: Ids  # (contexts + 1,) a context's n-grams are starts[context]:starts[context + 1]
    # (contexts + 1,) the probability mass of the lower order, gamma in the paper; 1 for a context
    # without continuations, and at the last index, which -1 (an unseen context) selects.
    backoff: Floats

    def find(self, contexts: Ids, tokens: Ids, vocabulary: int) -> Ids:
        """The ids of the n-grams (context, token), -1 where absent or where the context is -1."""
        keys = contexts * vocabulary + tokens
        indices = np.minimum(np.searchsorted(self.keys, keys), self.keys.size - 1)
        return np.where(self.keys[indices] == keys, indices, -1)


class Shares(NamedTuple):
    """The M n-grams of one order. As a context of the next order an n-gram has its index as id.

    Attributes:
        contexts: (M,) the id of the first n - 1 tokens; of order 2, the first token.
        tokens: (M,) the last token.
        probabilities: (M,) of the last token after the others.
        shares: (M,) the part of it that is not from the lower order.
    """

    contexts: Ids
    tokens: Ids
    probabilities: Floats
    shares: Floats


@dataclass(frozen=True, eq=False, slots=True)
class KneserNey:
    """An n-gram model of token ids 0..V-1.

    Token 0 is the BOUNDARY between documents. It is predicted like any other token, and no context
    extends past it. So the starts of all documents share their statistics.

    Attributes:
        vocabulary: V.
        order: N, the maximum length of an n-gram.
        discounts: (N, 3), D1, D2 and D3+ of orders 1..N; 0 for an order without n-grams.
    """

    vocabulary: int
    order: int
    discounts: Floats
    _unigrams: Floats  # (V,)
    _tables: tuple[_Table, ...]  # orders 2, 3, ..., up to the last with n-grams

    @classmethod
    def train(
        cls, ids: Tokens, vocabulary: int, order: int, newline: int | None = None
    ) -> KneserNey:
        """Count the n-grams of a text and smooth them.

        A BOUNDARY is added before the first token, unless it is one. An n-gram that starts with the
        BOUNDARY has no left context, so its count is the plain one at every order (Heafield et al.
        2013, section 3.2).

        Args:
            ids: (T,) integers below V; may be memory-mapped.
            vocabulary: V.
            order: N, at least 1. About 5 for words, up to 8 for characters.
            newline: a token that begins a document, as a BOUNDARY does: no context reaches beyond
                it. None (default): only a BOUNDARY does.

        Raises:
            SettingError: the order or the vocabulary is less than 1.
            EmptyTextError: there is no token.
            ValueError: ids that are not integers in one dimension, all of them below V.
        """
        if order < 1:
            raise SettingError(f"{order} is not a valid n-gram length", location="order")
        if vocabulary < 1:
            raise SettingError(f"{vocabulary} tokens are too few", location="vocabulary")
        text = _checked(ids, vocabulary)
        if text.size and text[0] != BOUNDARY:
            text = np.concatenate([np.array([BOUNDARY]), text])
        if text.size < 2:
            raise EmptyTextError("no token to learn an n-gram from")

        positions = np.arange(text.size)
        begins = (text == BOUNDARY) | (text == newline)
        boundaries = np.maximum.accumulate(np.where(begins, positions, 0))
        ends = positions[1:]  # where an n-gram of the current order may end
        reach = ends - boundaries[:-1]  # (T - 1,) the tokens of context before each
        grams = text  # (T,) the id of the n-gram, one order lower, that ends at each position
        tokens = np.arange(vocabulary)
        counts = np.bincount(text[1:], minlength=vocabulary)
        counted = [_Counted(tokens, counts, np.zeros_like(tokens))]
        for length in range(2, order + 1):
            long_enough = reach >= length - 1
            ends, reach = ends[long_enough], reach[long_enough]
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
        """Turn the counts of orders 1, 2, ... into probabilities, the lowest order first."""
        discounts = np.zeros((order, 3))
        tables: list[_Table] = []
        lower = np.array([1 / vocabulary])  # order 0: uniform, with one n-gram, the empty one
        for index, grams in enumerate(counted):
            counts = grams.counts
            if index + 1 < len(counted):
                different = np.bincount(counted[index + 1].suffixes, minlength=counts.size)
                # Without a left context the n-gram starts with the BOUNDARY.
                counts = np.where(different > 0, different, counts)
            discounts[index] = _discounts(counts)
            removed = np.concatenate([[0], discounts[index]])[np.minimum(counts, 3)]
            contexts = grams.keys // vocabulary
            totals = np.bincount(contexts, weights=counts, minlength=lower.size)
            mass = np.bincount(contexts, weights=removed, minlength=lower.size)
            backoff = np.ones(lower.size + 1)
            np.divide(mass, totals, out=backoff[:-1], where=totals > 0)
            shares = (counts - removed) / totals[contexts]
            probabilities = shares + backoff[contexts] * lower[grams.suffixes]
            starts = np.searchsorted(contexts, np.arange(lower.size + 1))
            tables.append(_Table(grams.keys, probabilities, shares, starts, backoff))
            lower = probabilities
        return cls(vocabulary, order, discounts, tables[0].probabilities, tuple(tables[1:]))

    @property
    def unigrams(self) -> Floats:
        """(V,) the probabilities of order 1."""
        return self._unigrams

    def shares(self) -> Iterator[Shares]:
        """The n-grams of the orders 2, 3, ..., sorted by context, then by token."""
        for table in self._tables:
            contexts, tokens = np.divmod(table.keys, self.vocabulary)
            yield Shares(contexts, tokens, table.probabilities, table.shares)

    def log_probabilities(self, ids: Tokens) -> Floats:
        """log p(ids[t] | the up to N - 1 tokens before it), for t = 1..T-1, in nats.

        Args:
            ids: (T,) integers below V; ids[0] is context only, without a BOUNDARY before it.

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
            positions: (P,) each from 1 to T, in any order; T is the position after the text.
                By default 1..T-1, as in `log_probabilities`.
            batch: rows in an array, at least 1.

        Yields:
            (at most batch, V) float32 rows, each summing to 1 within rounding: P in all.

        Raises:
            SettingError: batch is less than 1.
            ValueError: ids or positions that are not integers in one dimension, within bounds.
        """
        if batch < 1:
            raise SettingError(f"{batch} is not a valid batch size", location="batch")
        text = _checked(ids, self.vocabulary)
        if positions is None:
            positions = np.arange(1, text.size)
        last = _checked(positions, text.size + 1) - 1  # the index of the last context token
        if last.size and last.min() < 0:
            raise ValueError("position 0 has no context")
        return self._batches(list(self._contexts(text)), last, batch)

    def _batches(
        self, contexts: list[Ids], last: Ids, batch: int
    ) -> Iterator[npt.NDArray[np.float32]]:
        for start in range(0, last.size, batch):
            indices = last[start : start + batch]
            rows = np.empty((indices.size, self.vocabulary), dtype=np.float32)
            self._fill(rows, [of_one_order[indices] for of_one_order in contexts])
            yield rows

    def _contexts(self, text: Ids) -> Iterator[Ids]:
        """For orders 2, 3, ...: (T,), the id of the context that ends at each position, or -1.

        An n-gram that ends with the BOUNDARY has no counts as a context, so the cut at a BOUNDARY,
        made in training, holds here too.
        """
        contexts = text
        for table in self._tables:
            yield contexts
            grams = np.full(text.size, -1)
            grams[1:] = table.find(contexts[:-1], text[1:], self.vocabulary)
            contexts = grams

    def _fill(self, rows: npt.NDArray[np.floating[Any]], contexts: Sequence[Ids]) -> None:
        """Write distributions into rows (B, V); contexts are (B,) ids, one array for each order."""
        weights = [np.ones(len(rows))]  # (B,) the mass that higher orders leave, highest first
        for table, of_one_order in zip(self._tables[::-1], contexts[::-1], strict=True):
            weights.append(weights[-1] * table.backoff[of_one_order])
        np.multiply.outer(weights.pop(), self._unigrams, out=rows, casting="same_kind")
        flat = rows.reshape(-1)
        # The longest matching n-gram decides, so longer ones overwrite shorter ones.
        for table, of_one_order in zip(self._tables, contexts, strict=True):
            weight = weights.pop()
            known = np.flatnonzero(of_one_order >= 0)
            starts = table.starts[of_one_order[known]]
            lengths = table.starts[of_one_order[known] + 1] - starts
            row = np.repeat(known, lengths)
            grams = np.arange(row.size) + np.repeat(starts - lengths.cumsum() + lengths, lengths)
            indices = row * self.vocabulary + table.keys[grams] % self.vocabulary
            flat[indices] = table.probabilities[grams] * weight[row]


@dataclass(frozen=True, eq=False, slots=True)
class _Counted:
    """The M distinct n-grams of one order with their counts."""

    keys: Ids  # (M,) as in _Table; for order 1 the tokens
    counts: Ids  # (M,) occurrences of each
    suffixes: Ids  # (M,) the id, one order lower, of the n-gram without its first token


def _discounts(counts: Ids) -> Floats:
    """D1, D2 and D3+ (Chen and Goodman 1998, section 3).

    D_k = k - (k + 1) Y n_{k+1} / n_k with Y = n_1 / (n_1 + 2 n_2), and n_k the number of
    n-grams with count k. A discount not strictly between 0 and k is replaced by k / 2, as in KenLM:
    a discount of 0 would leave no mass to the lower order.
    """
    of_count = np.bincount(np.minimum(counts, 5), minlength=6).astype(np.float64)
    discounts = np.array([0.5, 1.0, 1.5])
    if of_count[1] == 0:
        return discounts
    once = of_count[1] / (of_count[1] + 2 * of_count[2])
    for count in (1, 2, 3):
        if of_count[count] > 0:
            discount = count - (count + 1) * once * of_count[count + 1] / of_count[count]
            if 0 < discount < count:
                discounts[count - 1] = discount
    return discounts


def _checked(ids: Tokens, bound: int) -> Ids:
    """(T,) ids as int64, checked to be in 0..bound-1."""
    if ids.ndim != 1 or not (ids.size == 0 or np.issubdtype(ids.dtype, np.integer)):
        raise ValueError(f"expected integers in one dimension, not {ids.dtype} {ids.shape}")
    if ids.size and not 0 <= ids.min() <= ids.max() < bound:
        raise ValueError(f"expected 0..{bound - 1}, found {ids.min()}..{ids.max()}")
    return ids.astype(np.int64)
