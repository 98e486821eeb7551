"""N-grams in little memory, to answer beside a network: pruned, quantised, stepped token by token.

The probability of a token is a sum over the orders,

    p(w | h) = a_N(w | h_N) + g_N (a_{N-1}(w | h_{N-1}) + g_{N-1} (... + g_2 p_1(w))),

where h_n are the last n - 1 tokens, a_n the discounted shares of modified Kneser-Ney
(`elman.counts.kneser_ney`), and g_n = 1 minus the sum of a_n the mass of the lower orders. So any
n-gram may be left out, and any share rounded down, and the sum over the vocabulary stays 1.

Shapes: V vocabulary, T length of a text, N order, M n-grams of one order, B rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from elman.counts.kneser_ney import KneserNey, Shares
from elman.errors import ModelFileError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    Ids = npt.NDArray[np.int64]
    Floats = npt.NDArray[np.floating[Any]]

LEVELS = 255
SMALLEST = 1e-7
"""Shares are rounded down to one of LEVELS steps between SMALLEST and 1, even in the logarithm."""

SHARES = np.concatenate([[0.0], SMALLEST ** (1 - np.arange(1, LEVELS + 1) / LEVELS)])
SHARES[-1] = 1 - 1e-6  # the lower orders keep some mass
"""(256,) the share of each level; level 0 is no share."""


_ROWS = 64  # distributions computed together


@dataclass(frozen=True, eq=False)
class Order:
    """The n-grams of one order, sorted by context, then by token.

    The id of an n-gram is its index; as a context of the next order it has the same id.

    Attributes:
        tokens: (M,) the last token of each.
        levels: (M,) uint8, the level of its share.
        starts: (contexts + 1,) a context's n-grams are starts[context]:starts[context + 1].
    """

    tokens: npt.NDArray[np.unsignedinteger[Any]]
    levels: npt.NDArray[np.uint8]
    starts: Ids

    @cached_property
    def lower_mass(self) -> npt.NDArray[np.float32]:
        """(contexts + 1,) g of each context; 1 at the last index, which -1 (no context) selects."""
        sums = np.concatenate([[0.0], np.cumsum(SHARES[self.levels])])
        mass = 1 - (sums[self.starts[1:]] - sums[self.starts[:-1]])
        return np.append(np.clip(mass, 0, 1), 1).astype(np.float32)

    @cached_property
    def arrays(self) -> tuple[npt.NDArray[Any], ...]:
        """Tokens int32 and shares float32 (M,), starts int64, lower mass float32: for the core."""
        shares = SHARES[self.levels].astype(np.float32)
        return self.tokens.astype(np.int32), shares, self.starts, self.lower_mass

    @property
    def followers(self) -> npt.NDArray[np.integer[Any]]:
        """(contexts,) how many n-grams each context has; uint8 if that suffices for all."""
        counts = np.diff(self.starts)
        return counts.astype(np.uint8 if counts.max() < 256 else np.int32)

    @property
    def is_wide(self) -> bool:
        """Whether a context has more than 255 n-grams."""
        return self.followers.dtype != np.uint8

    @cached_property
    def contexts(self) -> Ids:
        """(M,) the context of each n-gram."""
        return np.repeat(np.arange(len(self.starts) - 1), np.diff(self.starts))


@dataclass(frozen=True, eq=False)
class NGrams:
    """The probabilities of n-grams of token ids 0..V-1.

    Its state is the ids of the contexts that end at the last token, one for each order from 2 on:
    (B, N - 1) int64, -1 where the text had no such context.

    Attributes:
        unigrams: (V,) float32, the probabilities of order 1.
        orders: of the orders 2, 3, ..., N.
    """

    unigrams: npt.NDArray[np.float32]
    orders: tuple[Order, ...]

    @classmethod
    def pruned(cls, model: KneserNey, most: int) -> NGrams:
        """Keep the n-grams that change the distribution most.

        Without an n-gram its probability is that of the lower orders. Weighted by how often the
        n-gram occurs, the change of its log-probability is the change of the relative entropy
        (A. Stolcke, 'Entropy-based pruning of backoff language models', 1998, section 3; the
        change of the other tokens' probabilities is neglected). A context of a kept n-gram stays.

        Args:
            model: the estimated n-grams.
            most: the most n-grams to keep, of all orders from 2 on.
        """
        grams = list(model.shares())
        scores = []
        joint = model.unigrams  # of each n-gram of the order below
        for each in grams:
            after = joint[each.contexts] * each.probabilities
            rest = np.maximum(each.probabilities - each.shares, 1e-30)
            scores.append(after * np.log(each.probabilities / rest))
            joint = after
        low, high = -50.0, 1.0  # logarithms of the least score of what is kept
        if sum(len(each) for each in scores) > most:
            for _ in range(18):
                middle = (low + high) / 2
                kept = sum(int(each.sum()) for each in _kept(grams, scores, np.exp(middle)))
                low, high = (middle, high) if kept > most else (low, middle)
            masks = _kept(grams, scores, np.exp(high))
        else:
            masks = [np.ones(len(each), dtype=bool) for each in scores]
        orders = []
        ids = np.arange(model.vocabulary)  # of the contexts, after those left out are gone
        for each, mask in zip(grams, masks, strict=True):
            if not mask.any():
                break
            contexts = ids[each.contexts[mask]]
            starts = np.searchsorted(contexts, np.arange(int(ids.max()) + 2))
            levels = np.searchsorted(SHARES, each.shares[mask], side="right") - 1
            tokens = each.tokens[mask].astype(np.min_scalar_type(model.vocabulary - 1))
            orders.append(Order(tokens, levels.astype(np.uint8), starts))
            ids = np.where(mask, np.cumsum(mask) - 1, -1)
        return cls(model.unigrams.astype(np.float32), tuple(orders))

    @property
    def vocabulary(self) -> int:
        return len(self.unigrams)

    @cached_property
    def _keys(self) -> tuple[Ids, ...]:
        """For each order (M,), the context times V plus the token: sorted."""
        return tuple(each.contexts * self.vocabulary + each.tokens for each in self.orders)

    def _find(self, order: int, contexts: Ids, tokens: Ids) -> Ids:
        """The ids of n-grams, -1 where absent or where the context is -1."""
        keys, wanted = self._keys[order], contexts * self.vocabulary + tokens
        indices = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        return np.where((keys[indices] == wanted) & (contexts >= 0), indices, -1)

    def start(self, rows: int) -> Ids:
        """The state (B, N - 1) before the first token."""
        return np.full((rows, len(self.orders)), -1)

    def advance(self, state: Ids, tokens: Ids) -> Ids:
        """The state (B, N - 1) after one more token (B,) of each row."""
        after = np.empty_like(state)
        after[:, 0] = tokens
        for order in range(len(self.orders) - 1):
            after[:, order + 1] = self._find(order, state[:, order], tokens)
        return after

    def states(self, text: Ids, before: Ids | None = None) -> Ids:
        """The state (T, N - 1) after each token of a text (T,).

        Args:
            text: T at least 1.
            before: (N - 1,) the state before it; None: the start.
        """
        states = np.empty((len(text) + 1, len(self.orders)), dtype=np.int64)
        states[0] = self.start(1)[0] if before is None else before
        states[1:, 0] = text
        for order in range(len(self.orders) - 1):
            states[1:, order + 1] = self._find(order, states[:-1, order], text)
        return states[1:]

    def distribution(self, state: Ids) -> npt.NDArray[np.float32]:
        """(B, V) the probabilities of the next token."""
        weight = np.ones(len(state), dtype=np.float32)
        rows = np.zeros((len(state), self.vocabulary), dtype=np.float32)
        flat = rows.reshape(-1)
        for order, of_one_order in zip(self.orders[::-1], state.T[::-1], strict=True):
            known = np.flatnonzero(of_one_order >= 0)
            starts = order.starts[of_one_order[known]]
            lengths = order.starts[of_one_order[known] + 1] - starts
            row = np.repeat(known, lengths)
            grams = np.arange(len(row)) + np.repeat(starts - lengths.cumsum() + lengths, lengths)
            shares = SHARES[order.levels[grams]].astype(np.float32)
            flat[row * self.vocabulary + order.tokens[grams]] += shares * weight[row]
            weight = weight * order.lower_mass[of_one_order]
        rows += weight[:, None] * self.unigrams
        return rows

    def probabilities(self, state: Ids, tokens: Ids) -> Floats:
        """(B,) the probability of a token after each state."""
        weight, total = np.ones(len(state)), np.zeros(len(state))
        for index in range(len(self.orders))[::-1]:
            order, contexts = self.orders[index], state[:, index]
            grams = self._find(index, contexts, tokens)
            total += np.where(grams >= 0, SHARES[order.levels[grams]], 0) * weight
            weight = weight * order.lower_mass[contexts]
        return total + weight * self.unigrams[tokens]

    def distributions(
        self, ids: npt.NDArray[Any], positions: npt.NDArray[Any]
    ) -> Iterator[npt.NDArray[np.float32]]:
        """Rows (V,) of probabilities after the tokens before each position, in batches."""
        states = self.states(np.asarray(ids, dtype=np.int64))
        for begin in range(0, len(positions), _ROWS):
            yield self.distribution(states[positions[begin : begin + _ROWS] - 1])

    def log_probabilities(self, ids: npt.NDArray[Any]) -> Floats:
        """(T - 1,) log p of each token of a text (T,) after those before it, in nats."""
        text = np.asarray(ids, dtype=np.int64)
        return np.log(self.probabilities(self.states(text)[:-1], text[1:]))

    def evidence(self, state: Ids) -> tuple[Ids, Floats]:
        """What the counts know of a context.

        Returns:
            (B,) the number of orders above 1 that have seen it, and (B,) the mass that the highest
            of them leaves to the lower ones, from 0 to 1; 1 where there is none.
        """
        matched, mass = np.zeros(len(state), dtype=np.int64), np.ones(len(state))
        for index, order in enumerate(self.orders):
            contexts = state[:, index]
            seen = (contexts >= 0) & (order.starts[contexts + 1] > order.starts[contexts])
            matched[seen] = index + 1
            mass = np.where(seen, order.lower_mass[contexts], mass)
        return matched, mass

    def __len__(self) -> int:
        return sum(len(each.tokens) for each in self.orders)


def _kept(
    grams: Sequence[Shares], scores: Sequence[Floats], least: float
) -> list[npt.NDArray[np.bool_]]:
    """For each order, which n-grams stay: those of a score of at least `least`, and contexts."""
    masks: list[npt.NDArray[np.bool_]] = []
    above: Ids | None = None  # the contexts of what stays one order above
    for each, score in zip(grams[::-1], scores[::-1], strict=True):
        mask = score >= least
        if above is not None:
            mask[above] = True
        masks.append(mask)
        above = each.contexts[mask]
    return masks[::-1]


def arrays_of(ngrams: NGrams) -> dict[str, npt.NDArray[Any]]:
    """The arrays of a model file: the unigrams, and of each order the last tokens, the levels and
    how many n-grams each context has."""
    arrays: dict[str, npt.NDArray[Any]] = {"unigrams": ngrams.unigrams}
    for number, order in enumerate(ngrams.orders, start=2):
        arrays[f"tokens_{number}"] = order.tokens.astype(_token_type(ngrams.vocabulary))
        arrays[f"levels_{number}"] = order.levels
        arrays[f"followers_{number}"] = order.followers
    return arrays


def ngrams_of(arrays: Mapping[str, npt.NDArray[Any]]) -> NGrams:
    """N-grams from the arrays of a model file.

    Raises:
        ModelFileError: they are not what `arrays_of` returns.
    """
    unigrams = arrays["unigrams"]
    vocabulary = contexts = len(unigrams)
    if not np.isfinite(unigrams).all() or (unigrams <= 0).any() or unigrams.sum() > 1.01:
        raise ModelFileError("its unigrams are not probabilities")
    orders = []
    for number in range(2, 2 + len(arrays) // 3):
        names = (f"tokens_{number}", f"levels_{number}", f"followers_{number}")
        tokens, levels, followers = (arrays[name] for name in names)
        starts = np.concatenate([[0], np.cumsum(followers.astype(np.int64))])
        sound = (
            len(followers) == contexts
            and (followers >= 0).all()
            and len(tokens) == len(levels) == starts[-1] > 0
            and 0 <= tokens.min() <= tokens.max() < vocabulary
        )
        order = Order(tokens, levels, starts) if sound else None
        if order is None or not _is_sorted(order, vocabulary):
            raise ModelFileError(f"its n-grams of order {number} are malformed")
        orders.append(order)
        contexts = len(tokens)
    return NGrams(unigrams, tuple(orders))


def array_layout(
    sizes: Sequence[int], wide: Sequence[bool], vocabulary: int
) -> dict[str, tuple[type[np.generic], tuple[int, ...]]]:
    """The types and shapes of `arrays_of`.

    Args:
        sizes: the number of n-grams of each order from 2 on.
        wide: of each order, whether a context may have more than 255 n-grams.
        vocabulary: V.
    """
    layout: dict[str, tuple[type[np.generic], tuple[int, ...]]] = {
        "unigrams": (np.float32, (vocabulary,))
    }
    contexts = vocabulary
    for number, (size, is_wide) in enumerate(zip(sizes, wide, strict=True), start=2):
        layout[f"tokens_{number}"] = (_token_type(vocabulary), (size,))
        layout[f"levels_{number}"] = (np.uint8, (size,))
        layout[f"followers_{number}"] = (np.int32 if is_wide else np.uint8, (contexts,))
        contexts = size
    return layout


def _token_type(vocabulary: int) -> type[np.signedinteger[Any]]:
    return np.int16 if vocabulary <= 2**15 else np.int32


def _is_sorted(order: Order, vocabulary: int) -> bool:
    keys = order.contexts * vocabulary + order.tokens
    return bool((keys[1:] > keys[:-1]).all())
