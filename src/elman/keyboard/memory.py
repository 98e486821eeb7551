"""The words of a user: counts of n-grams, mixed with the predictions of the model.

A cache of the n-grams of one user (R. Kuhn, R. De Mori, 'A Cache-Based Natural Language Model for
Speech Recognition', 1990), interpolated with the model from the shortest context to the longest.
The weight of a context grows with its counts, and with how often they predicted the word better
than the model: mixture weights by expectation maximization, one word at a time (F. Jelinek, R.
Mercer, 'Interpolated Estimation of Markov Source Parameters from Sparse Data', 1980).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from elman.decoding.suggestions import UserPrior
from elman.keyboard.observations import ORDER, Context, Observation, is_word

MAX_WORDS = 10_000
MAX_COUNTS = 60_000  # of words in contexts; above either, the least recently used are forgotten
# By the length of a context, 0, 1 and 2 tokens:
MAX_PRIOR_WEIGHT = (0.05, 1.0, 1.0)  # weight of many counts, before there is evidence
HALF_COUNT = (500.0, 100.0, 100.0)  # counts that get half of it
MAX_WEIGHT = 0.9
MAX_LENGTH = 60  # letters of a word; longer ones are not learned


class UserCounts(NamedTuple):
    """A learned word.

    Attributes:
        word: the word.
        times: how often it was written.
        after: how often after each token, or after a newline.
    """

    word: str
    times: int
    after: dict[str, int]


class Evidence(NamedTuple):
    """How much better the counts of each context length predicted words than expected.

    Attributes:
        responsibilities: posterior probability that the counts predicted each word, summed.
        prior_weights: mixture weight before any evidence, summed over the same words.
    """

    responsibilities: list[float]
    prior_weights: list[float]

    def plus(self, other: Evidence, sign: float = 1.0) -> Evidence:
        """The sum of both, or the difference for a sign of -1."""
        pairs = zip(self, other, strict=True)
        return Evidence(*([a + sign * b for a, b in zip(*pair, strict=True)] for pair in pairs))


class _Level(NamedTuple):
    """The counts after one context, and their mixture weight without and with evidence."""

    length: int
    counts: dict[str, int]
    total: int
    prior_weight: float
    weight: float


def no_evidence() -> Evidence:
    """Pseudo-counts that leave the prior weights unchanged."""
    return Evidence([2.0] * (ORDER + 1), [2.0] * (ORDER + 1))


class UserModel:
    """Counts of words after contexts of 0, 1 and 2 tokens, in order of last use.

    Attributes:
        size: number of counts.
        evidence: of all words so far, which sets the mixture weights.
    """

    def __init__(self) -> None:
        self._counts: dict[Context, dict[str, int]] = {(): {}}
        self.size = 0
        self.evidence = no_evidence()

    def __len__(self) -> int:
        """Number of words."""
        return len(self._counts[()])

    def __contains__(self, word: str) -> bool:
        return word in self._counts[()]

    def learn(self, observation: Observation) -> None:
        """Count a word in its context. Forgets the least recently used above MAX_WORDS or
        MAX_COUNTS, and ignores a word of more than MAX_LENGTH letters."""
        context, word = observation
        if len(word) > MAX_LENGTH:
            return
        for suffix in self._suffixes(context):
            self.add(suffix, word, 1)
        while len(self) > MAX_WORDS:
            self.forget(next(iter(self._counts[()])))
        while self.size > MAX_COUNTS:
            oldest = next(each for each in self._counts if each)
            self.size -= len(self._counts.pop(oldest))

    def unlearn(self, observation: Observation) -> None:
        """Undo `learn`, as far as the counts still exist."""
        context, word = observation
        for length in range(ORDER + 1):
            suffix = context[len(context) - length :]
            counts = self._counts.get(suffix, {})
            if word in counts:
                counts[word] -= 1
                if not counts[word]:
                    self._drop(suffix, word)
        if word not in self:
            self.forget(word)

    def forget(self, word: str) -> None:
        """Forget a word, and all contexts that contain it."""
        for context in list(self._counts):
            if word in context:
                self.size -= len(self._counts.pop(context))
            elif word in self._counts[context]:
                self._drop(context, word)

    def forget_all(self) -> None:
        """Forget all words, and the evidence."""
        self._counts, self.size, self.evidence = {(): {}}, 0, no_evidence()

    def prior(self, context: Context) -> UserPrior:
        """Probabilities of the words of the user after a context, and the weight of the model."""
        remaining = 1.0  # weight that the longer contexts leave
        words: dict[str, float] = {}
        for level in reversed(self._levels(context)):
            for word, times in level.counts.items():
                words[word] = words.get(word, 0.0) + remaining * level.weight * times / level.total
            remaining *= 1 - level.weight
        return UserPrior(words, remaining)

    def update_weights(self, observation: Observation, probability: float) -> Evidence:
        """Update the mixture weight of each context length from which predicted a word better: one
        step of online expectation maximization.

        Args:
            observation: the word, before it is learned.
            probability: of the word according to the model, 0 to 1.

        Returns:
            The evidence of this word, for `undo_update`.
        """
        evidence = Evidence([0.0] * (ORDER + 1), [0.0] * (ORDER + 1))
        for level in self._levels(observation.context):
            counted = level.weight * level.counts.get(observation.word, 0) / level.total
            mixed = (1 - level.weight) * probability + counted
            if mixed > 0:
                evidence.responsibilities[level.length] = counted / mixed
                evidence.prior_weights[level.length] = level.prior_weight
            probability = mixed
        self.evidence = self.evidence.plus(evidence)
        return evidence

    def undo_update(self, evidence: Evidence) -> None:
        """Undo `update_weights`, which returned this evidence."""
        self.evidence = self.evidence.plus(evidence, -1.0)

    def _levels(self, context: Context) -> list[_Level]:
        """The counts after each suffix of a context, the shortest first."""
        levels = []
        for length in range(ORDER + 1):
            counts = self._counts.get(context[len(context) - length :])
            if counts:
                total = sum(counts.values())
                prior = MAX_PRIOR_WEIGHT[length] * total / (total + HALF_COUNT[length])
                responsibility = self.evidence.responsibilities[length]
                weight = prior * (responsibility / self.evidence.prior_weights[length])
                levels.append(_Level(length, counts, total, prior, min(MAX_WEIGHT, weight)))
        return levels

    def learned(self) -> list[UserCounts]:
        """All learned words, most frequent first."""
        after: dict[str, dict[str, int]] = {word: {} for word in self._counts[()]}
        for context, counts in self._counts.items():
            if len(context) == 1:
                for word, times in counts.items():
                    after[word][context[0]] = times
        words = [UserCounts(word, n, after[word]) for word, n in self._counts[()].items()]
        return sorted(words, key=lambda each: (-each.times, each.word))

    def counts(self) -> Iterator[tuple[Context, dict[str, int]]]:
        """All counts by context, least recently used first."""
        yield from self._counts.items()

    def add(self, context: Context, word: str, times: int) -> None:
        """Add a count to one context, which becomes the most recently used."""
        counts = self._counts.pop(context, {})
        self._counts[context] = counts
        self.size += word not in counts
        counts[word] = counts.pop(word, 0) + times

    def _suffixes(self, context: Context) -> list[Context]:
        """The suffixes of a context, the shortest first, up to a word that is not learned."""
        suffixes: list[Context] = [()]
        for length in range(1, ORDER + 1):
            token = context[-length]
            if len(token) > MAX_LENGTH or (is_word(token) and token not in self):
                break
            suffixes.append(context[-length:])
        return suffixes

    def _drop(self, context: Context, word: str) -> None:
        del self._counts[context][word]
        self.size -= 1
        if context and not self._counts[context]:
            del self._counts[context]
