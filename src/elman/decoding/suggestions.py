"""The most probable next words after a context, given the letters typed so far.

Shapes: V vocabulary.
"""

from __future__ import annotations

import heapq
import math
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from elman.decoding.word_index import WordIndex
from elman.nn.compiled.mixture import log_softmax
from elman.nn.compiled.network import Floats, State, Stepping, rows_of
from elman.text.folding import fold
from elman.text.tokenizers.tokenizer import BOUNDARY, Tokenizer

USER_WEIGHT = 0.1  # mixture weight of the user's words
FOLDED = 0.01  # probability that a word is typed without its capitals, accents or apostrophes
CANDIDATES = 64  # most probable words of the model to consider
BEAM = 12  # spellings in the beam
MAX_SPELLING = 24  # tokens of a spelled word, besides the letters typed
MAX_TYPED_LETTERS = 100  # longer than any word
_CACHED = 256  # spellings whose allowed next tokens are cached


class Suggestion(NamedTuple):
    word: str
    probability: float


class UserPrior(NamedTuple):
    """Probabilities from the user's own words, mixed with those of the model (R. Kuhn, R. De Mori,
    'A Cache-Based Natural Language Model for Speech Recognition', 1990). A word outside the
    vocabulary is then suggested too, once enough of its letters are typed.

    Attributes:
        words: mixture weight of each word of the user; they and `model` sum to 1.
        model: mixture weight of the model.
    """

    words: Mapping[str, float]
    model: float

    @classmethod
    def counted(cls, learned: Mapping[str, int]) -> UserPrior:
        """USER_WEIGHT for the words of the user, divided by their counts."""
        if not learned:
            return NO_USER_PRIOR
        total = sum(learned.values())
        weights = {word: USER_WEIGHT * n / total for word, n in learned.items()}
        return cls(weights, 1 - USER_WEIGHT)


NO_USER_PRIOR = UserPrior({}, 1.0)


def complete(
    index: WordIndex, probabilities: Floats, typed: str, prior: UserPrior, count: int
) -> list[Suggestion]:
    """Complete a word from a vocabulary and the words of the user, best first.

    Words that begin exactly as typed come first. Those that do once both are folded
    (`elman.text.folding`) fill what is left of the count: don't for dont, her for HER.

    Args:
        index: the words of the vocabulary.
        probabilities: (V,) of the next token.
        typed: first letters of the word.
        prior: words of the user.
        count: most suggestions to return.
    """
    most = max(count, CANDIDATES)
    candidates = index.complete(probabilities, typed, most)
    mixed = {word: prior.model * p + prior.words.get(word, 0.0) for word, p in candidates}
    # A word that is not a candidate is at most as probable as the last candidate, and impossible
    # if the candidates are all matches: only a large user weight can bring it in.
    bar = heapq.nlargest(count, mixed.values())[-1] if len(mixed) >= count else 0.0
    if len(candidates) == most:
        bar -= prior.model * candidates[-1][1]
    for word, weight in prior.words.items():
        if weight >= bar and word not in mixed and word.startswith(typed):
            position = index.index_of(word)
            p = 0.0 if position is None else float(probabilities[index.tokens[position]])
            mixed[word] = prior.model * p + weight
    best = _best(mixed, count)
    if len(best) < count:
        best += _complete_folded(index, probabilities, typed, prior, count - len(best))
    return best


def _complete_folded(
    index: WordIndex,
    probabilities: npt.NDArray[np.floating[Any]],
    typed: str,
    prior: UserPrior,
    count: int,
) -> list[Suggestion]:
    """The words that begin as typed only once both are folded; arguments as for `complete`."""
    key = fold(typed)
    if not key:
        return []
    most = max(count, CANDIDATES)
    candidates = dict(index.complete_folded(probabilities, typed, most))
    for word in prior.words:
        if not word.startswith(typed) and fold(word).startswith(key):
            position = index.index_of(word)
            p = 0.0 if position is None else float(probabilities[index.tokens[position]])
            candidates[word] = p
    mixed = {word: prior.model * p + prior.words.get(word, 0.0) for word, p in candidates.items()}
    return _best(mixed, count)


def _normalized(
    log_p: Mapping[str, float], typed: str, prior: UserPrior, count: int, *, folded: bool
) -> list[Suggestion]:
    """The same from log-probabilities of spellings, normalized over these words, best first.

    If the letters typed are nearly impossible for the model, the words of the user decide.

    Args:
        log_p: log-probability of each word found.
        typed: first letters of the word.
        prior: words of the user.
        count: most suggestions to return.
        folded: whether words of the user that fit only if folded are among them.
    """
    key = fold(typed)
    of_user = {
        word: weight if word.startswith(typed) else weight * FOLDED
        for word, weight in prior.words.items()
        if word.startswith(typed) or (folded and fold(word).startswith(key))
    }
    mixed = {word: value + math.log(prior.model) for word, value in log_p.items()}
    others = ((weight, word) for word, weight in of_user.items() if word not in log_p)
    for weight, word in heapq.nlargest(count, others):
        mixed[word] = math.log(weight)
    for word in log_p.keys() & of_user.keys():
        mixed[word] = float(np.logaddexp(mixed[word], math.log(of_user[word])))
    highest = max(mixed.values(), default=0.0)
    weights = {word: math.exp(value - highest) for word, value in mixed.items()}
    total = sum(weights.values())
    return _best({word: weight / total for word, weight in weights.items()}, count)


def _best(probabilities: Mapping[str, float], count: int) -> list[Suggestion]:
    best = heapq.nsmallest(count, probabilities.items(), key=lambda each: (-each[1], each[0]))
    return [Suggestion(*each) for each in best]


class _Beam(NamedTuple):
    """The spellings in the beam."""

    texts: list[str]
    log_probabilities: npt.NDArray[np.float64]  # (B,)
    logits: Floats  # (B, V)
    state: State  # B rows


class _Matching:
    """How spellings are compared with the prefix: as they are, or folded.

    Args:
        pieces: what each of the V tokens spells.
        key: gives the form of a text that is compared.
    """

    def __init__(self, pieces: Sequence[str], key: Callable[[str], str]) -> None:
        self.key = key
        self.pieces = [key(text) for text in pieces]
        self.by_first: defaultdict[str, list[int]] = defaultdict(list)  # first character -> tokens
        for token, text in enumerate(self.pieces):
            self.by_first[text[:1]].append(token)


class PrefixSearch:
    """Word completion for tokens smaller than a word: beam search over spellings.

    Each step extends the most probable spellings by a token, and scores each of them as a whole
    word by the probability that the next token ends it. Where the words that begin as typed are
    improbable, a second search finds those that do once both are folded (`elman.text.folding`).
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self.pieces = [tokenizer.decode([token]) for token in range(tokenizer.size)]
        valid = [bool(text) and "\ufffd" not in text for text in self.pieces]
        self.ends = np.array(
            [ok and not _in_word(text[0]) for ok, text in zip(valid, self.pieces, strict=True)]
        )
        self.inside = np.array(
            [ok and all(map(_in_word, text)) for ok, text in zip(valid, self.pieces, strict=True)]
        )
        self.ends[BOUNDARY] = True
        self._exact = _Matching(self.pieces, str)
        self._folded = _Matching(self.pieces, fold)
        self._allowed_next = lru_cache(_CACHED)(self._following)

    def __reduce__(self) -> tuple[type[PrefixSearch], tuple[Tokenizer]]:
        """Pickle the tokenizer, from which all else follows; a cache cannot be pickled."""
        return type(self), (self._tokenizer,)

    def complete(
        self,
        network: Stepping,
        logits: Floats,
        state: State,
        prefix: str,
        prior: UserPrior,
        count: int,
    ) -> list[Suggestion]:
        """The most probable words that begin with the prefix.

        Args:
            network: of the language model.
            logits: (1, V) after the context.
            state: after the context.
            prefix: what the next tokens must spell first: the space at the end of the context, if
                there is one, and the letters typed. They are not part of the context, since one
                subword may hold them and more. If it is empty, as after a comma, a word may begin
                with a space or not.
            prior: words of the user.
            count: most suggestions to return.

        Returns:
            Suggestions with probabilities normalized over all words found.
        """
        typed = prefix.lstrip()
        found = self._search(network, logits, state, prefix, count, self._exact)
        folded = bool(fold(typed)) and sum(map(math.exp, found.values())) < FOLDED
        if folded:
            others = self._search(network, logits, state, prefix, count, self._folded)
            for word, log_p in others.items():
                if not word.startswith(typed):
                    found[word] = log_p + math.log(FOLDED)
        return _normalized(found, typed, prior, count, folded=folded)

    def _search(
        self,
        network: Stepping,
        logits: Floats,
        state: State,
        prefix: str,
        count: int,
        matching: _Matching,
    ) -> dict[str, float]:
        """The log-probability of each word found that begins with the prefix."""
        steps = len(prefix) + MAX_SPELLING if len(prefix.lstrip()) <= MAX_TYPED_LETTERS else 0
        key = matching.key(prefix)
        found: dict[str, float] = {}
        beam = _Beam([""], np.zeros(1), logits, state)
        for _ in range(steps):
            log_p = log_softmax(beam.logits).astype(np.float64)
            log_p += beam.log_probabilities[:, None]
            endings = np.logaddexp.reduce(log_p[:, self.ends], axis=1).tolist()
            for text, ending in zip(beam.texts, endings, strict=True):
                word = text.lstrip()
                if matching.key(text).startswith(key) and _is_word(word):
                    found[word] = float(np.logaddexp(found.get(word, -math.inf), ending))
            allowed = np.stack([self._allowed_next(text, prefix, matching) for text in beam.texts])
            # A longer spelling is at most as probable as its beginning.
            bar = -math.inf
            if len(found) >= count:
                bar = heapq.nlargest(count, found.values())[-1]
            log_p[~allowed] = -math.inf
            flat = log_p.ravel()
            best = _largest(flat, min(BEAM, flat.size))
            best = best[flat[best] > bar]
            if not len(best):
                break
            beam = self._extended(network, beam, best, flat[best])
        return found

    def probability(
        self, network: Stepping, logits: Floats, state: State, tokens: Sequence[int]
    ) -> float:
        """Probability of a word spelled by these tokens and then ended.

        Args:
            network: of the language model.
            logits: (1, V) after the context.
            state: after the context.
            tokens: the spelling.
        """
        total = 0.0
        for token in tokens:
            total += float(log_softmax(logits[0])[token])
            logits, state = network.step(np.array([token]), state)
        return math.exp(total + float(np.logaddexp.reduce(log_softmax(logits[0])[self.ends])))

    def _following(self, text: str, prefix: str, matching: _Matching) -> npt.NDArray[np.bool_]:
        """(V,) bool: tokens after which the spelling is still one word that fits the prefix."""
        key, start = matching.key(prefix), matching.key(text)
        if len(start) >= len(key) and text.strip():
            return self.inside
        space = prefix[: len(prefix) - len(prefix.lstrip())] if prefix else " "
        following = key[len(start) : len(start) + 1]
        allowed = np.zeros(len(self.pieces), dtype=np.bool_)
        # A token that folds to nothing, as an apostrophe does, may stand anywhere.
        fitting = [*matching.by_first[following], *matching.by_first[""]]
        for token in fitting if following else range(len(self.pieces)):
            longer, longer_key = text + self.pieces[token], start + matching.pieces[token]
            fits = len(longer) > len(text) and (
                longer_key.startswith(key) or key.startswith(longer_key)
            )
            allowed[token] = fits and all(map(_in_word, longer.removeprefix(space)))
        return allowed

    def _extended(
        self,
        network: Stepping,
        beam: _Beam,
        indices: npt.NDArray[np.int64],
        values: npt.NDArray[np.float64],
    ) -> _Beam:
        """The beam with one more token each, in one batch.

        Args:
            network: of the language model.
            beam: before the token.
            indices: chosen among the (B * V) extensions.
            values: their log-probabilities.
        """
        rows, tokens = indices // len(self.pieces), indices % len(self.pieces)
        logits, state = network.step(tokens, rows_of(beam.state, rows))
        both = zip(rows.tolist(), tokens.tolist(), strict=True)
        texts = [beam.texts[row] + self.pieces[token] for row, token in both]
        return _Beam(texts, values, logits, state)


def _largest(values: npt.NDArray[np.float64], count: int) -> npt.NDArray[np.int64]:
    """The indices of the largest values, the largest first."""
    chosen = np.argpartition(-values, count - 1)[:count]
    return chosen[np.argsort(-values[chosen], kind="stable")]


def _is_word(text: str) -> bool:
    """Whether it begins and ends with a letter: not a dash alone, nor a word with a quote."""
    return bool(text) and _is_letter(text[0]) and _is_letter(text[-1])


def _in_word(character: str) -> bool:
    return _is_letter(character) or character in "'’-‐‑·\u200c\u200d"


def _is_letter(character: str) -> bool:
    return character.isalnum() or unicodedata.category(character)[0] == "M"
