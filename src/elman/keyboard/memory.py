"""What a keyboard learned of its user: words, and after what they were written.

A cache of one user's n-grams (R. Kuhn, R. De Mori, 'A Cache-Based Natural Language Model for
Speech Recognition', 1990), mixed with the model from the shortest context to the longest. The
share of belief that counts have grows with them, and with how often they were right where the
model was not: weights of a mixture by expectation and maximisation (F. Jelinek, R. Mercer,
'Interpolated Estimation of Markov Source Parameters from Sparse Data', 1980), a word at a time.
So counts that help are soon believed, and those that do not are left alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from elman.decoding.suggestions import UserPrior
from elman.keyboard.observations import ORDER, Context, Observation, is_word

MAX_WORDS = 10_000
MAX_COUNTS = 60_000  # of words in contexts; beyond either, what was used longest ago is forgotten
# By the length of a context, none, one and two tokens, until their use is known:
CLAIM = (0.05, 1.0, 1.0)  # the share of belief that many counts have
HALF = (500.0, 100.0, 100.0)  # how many counts have half of that
MOST = 0.9  # share of belief, however right they were
LONGEST = 60  # letters; nothing longer is learned


class UserCounts(NamedTuple):
    """A word, how often it was written, and how often after what: a token, or a line's end."""

    word: str
    times: int
    after: dict[str, int]


class Evidence(NamedTuple):
    """By the length of a context: what its counts have won of the words written, and what they
    claimed before their use was known. The first divided by the second is how far to trust them.
    """

    won: list[float]
    claimed: list[float]

    def plus(self, other: Evidence, sign: float = 1.0) -> Evidence:
        """Both together, or one without the other."""
        pairs = zip(self, other, strict=True)
        return Evidence(*([a + sign * b for a, b in zip(*pair, strict=True)] for pair in pairs))


class _Level(NamedTuple):
    """The counts of one context, what they claim, and the share of belief that they get."""

    length: int
    counts: dict[str, int]
    total: int
    claim: float
    share: float


def no_evidence() -> Evidence:
    """As if little had been claimed, and won."""
    return Evidence([2.0] * (ORDER + 1), [2.0] * (ORDER + 1))


class UserModel:
    """Counts of words in contexts of none, one and two tokens, the latest used last.

    Attributes:
        size: how many counts there are.
        trust: what the counts were worth so far.
    """

    def __init__(self) -> None:
        self._counts: dict[Context, dict[str, int]] = {(): {}}
        self.size = 0
        self.trust = no_evidence()

    def __len__(self) -> int:
        """How many words are known."""
        return len(self._counts[()])

    def __contains__(self, word: str) -> bool:
        return word in self._counts[()]

    def learn(self, lesson: Observation) -> None:
        """Count a word once more."""
        context, word = lesson
        if len(word) > LONGEST:
            return
        for ending in self._endings(context):
            self.add(ending, word, 1)
        while len(self) > MAX_WORDS:
            self.forget(next(iter(self._counts[()])))
        while self.size > MAX_COUNTS:
            oldest = next(each for each in self._counts if each)
            self.size -= len(self._counts.pop(oldest))

    def unlearn(self, lesson: Observation) -> None:
        """Take a lesson back, as far as it is still known."""
        context, word = lesson
        for length in range(ORDER + 1):
            ending = context[len(context) - length :]
            counts = self._counts.get(ending, {})
            if word in counts:
                counts[word] -= 1
                if not counts[word]:
                    self._drop(ending, word)
        if word not in self:
            self.forget(word)

    def forget(self, word: str) -> None:
        """Forget a word wherever it stands, also among what others were written after."""
        for context in list(self._counts):
            if word in context:
                self.size -= len(self._counts.pop(context))
            elif word in self._counts[context]:
                self._drop(context, word)

    def forget_all(self) -> None:
        self._counts, self.size, self.trust = {(): {}}, 0, no_evidence()

    def prior(self, context: Context) -> UserPrior:
        """What was learned about the word after a context."""
        left = 1.0  # of belief, by the longer contexts
        words: dict[str, float] = {}
        for level in reversed(self._levels(context)):
            for word, times in level.counts.items():
                words[word] = words.get(word, 0.0) + left * level.share * times / level.total
            left *= 1 - level.share
        return UserPrior(words, left)

    def weigh(self, lesson: Observation, believed: float) -> Evidence:
        """Whether the counts predicted a word better than the model did, who believed in it so
        much: one step of on-line estimation of how far each length of context is to be trusted."""
        won, claimed = [0.0] * (ORDER + 1), [0.0] * (ORDER + 1)
        for level in self._levels(lesson.context):
            counted = level.share * level.counts.get(lesson.word, 0) / level.total
            mixed = (1 - level.share) * believed + counted
            if mixed > 0:
                won[level.length], claimed[level.length] = counted / mixed, level.claim
            believed = mixed
        evidence = Evidence(won, claimed)
        self.trust = self.trust.plus(evidence)
        return evidence

    def unweigh(self, evidence: Evidence) -> None:
        """Take back what `weigh` found."""
        self.trust = self.trust.plus(evidence, -1.0)

    def _levels(self, context: Context) -> list[_Level]:
        """What is known about the word after a context, the shortest of its endings first."""
        found = []
        for length in range(ORDER + 1):
            counts = self._counts.get(context[len(context) - length :])
            if counts:
                total = sum(counts.values())
                claim = CLAIM[length] * total / (total + HALF[length])
                trust = self.trust.won[length] / self.trust.claimed[length]
                found.append(_Level(length, counts, total, claim, min(MOST, claim * trust)))
        return found

    def learned(self) -> list[UserCounts]:
        """All words, the most frequent first."""
        after: dict[str, dict[str, int]] = {word: {} for word in self._counts[()]}
        for context, counts in self._counts.items():
            if len(context) == 1:
                for word, times in counts.items():
                    after[word][context[0]] = times
        found = [UserCounts(word, n, after[word]) for word, n in self._counts[()].items()]
        return sorted(found, key=lambda each: (-each.times, each.word))

    def counts(self) -> Iterator[tuple[Context, dict[str, int]]]:
        """All that is known, that used longest ago first."""
        yield from self._counts.items()

    def add(self, context: Context, word: str, times: int) -> None:
        """Count a word in one context, which becomes the latest used."""
        counts = self._counts.pop(context, {})
        self._counts[context] = counts
        self.size += word not in counts
        counts[word] = counts.pop(word, 0) + times

    def _endings(self, context: Context) -> list[Context]:
        """The context's last tokens, none to all, as far as no word forgotten is among them."""
        found: list[Context] = [()]
        for length in range(1, ORDER + 1):
            token = context[-length]
            if len(token) > LONGEST or (is_word(token) and token not in self):
                break
            found.append(context[-length:])
        return found

    def _drop(self, context: Context, word: str) -> None:
        del self._counts[context][word]
        self.size -= 1
        if context and not self._counts[context]:
            del self._counts[context]
