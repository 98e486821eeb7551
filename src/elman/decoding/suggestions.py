"""The likeliest next words after a context, given the letters already typed.

Shapes: V vocabulary.
"""

from __future__ import annotations

import heapq
import math
import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from elman.cells import map_state
from elman.decoding.word_index import WordIndex
from elman.nn.blocks import NetworkState
from elman.nn.native_step import Step
from elman.text.tokenizers.tokenizer import BOUNDARY, Tokenizer

LEARNED_SHARE = 0.1  # of belief that goes to the words a user has taught
DEEP = 64  # words of the model's that are looked at, so that few of those taught must be
BEAM = 12  # spellings followed at once
LONGEST = 24  # tokens of a spelled word, besides the letters typed
LONGEST_TYPED = 100  # letters; nothing that goes on for longer is a word
_KNOWN = 256  # spellings of which it is remembered what may follow


class Suggestion(NamedTuple):
    word: str
    probability: float


class UserPrior(NamedTuple):
    """What a user taught about the next word, to be mixed with what the model believes (R. Kuhn,
    R. De Mori, 'A Cache-Based Natural Language Model for Speech Recognition', 1990): so a word
    outside the vocabulary is offered too, once its letters say that it may be meant.

    Attributes:
        words: each taught word's share of belief; all of them and the model's make 1.
        model: the model's share.
    """

    words: Mapping[str, float]
    model: float

    @classmethod
    def counted(cls, learned: Mapping[str, int]) -> UserPrior:
        """A fixed share for what was taught, each word's by how often it was seen."""
        if not learned:
            return NO_USER_PRIOR
        total = sum(learned.values())
        shares = {word: LEARNED_SHARE * n / total for word, n in learned.items()}
        return cls(shares, 1 - LEARNED_SHARE)


NO_USER_PRIOR = UserPrior({}, 1.0)


def complete(
    index: WordIndex, probabilities: Tensor, typed: str, taught: UserPrior, count: int
) -> list[Suggestion]:
    """The words of a vocabulary and those a user taught, best first.

    Args:
        probabilities: (V,) of the next token.
        typed: the word's letters so far, exact in case.
    """
    spread = probabilities.numpy(force=True)
    deep = max(count, DEEP)
    found = index.complete(spread, typed, deep)
    mixed = {word: taught.model * p + taught.words.get(word, 0.0) for word, p in found}
    # What is not among those found has no more of the model's belief than the last of them, and
    # none if they are all: then only a share that makes up for that can win.
    bar = heapq.nlargest(count, mixed.values())[-1] if len(mixed) >= count else 0.0
    if len(found) == deep:
        bar -= taught.model * found[-1][1]
    for word, share in taught.words.items():
        if share >= bar and word not in mixed and word.startswith(typed):
            place = index.place(word)
            believed = 0.0 if place is None else float(spread[index.tokens[place]])
            mixed[word] = taught.model * believed + share
    return _best(mixed, count)


def _shares(
    found: Mapping[str, float], typed: str, taught: UserPrior, count: int
) -> list[Suggestion]:
    """The same from log-probabilities of spellings, as shares among these words, best first.

    The letters typed may be next to impossible to the model: then what was taught decides.
    """
    weighed = {word: value + math.log(taught.model) for word, value in found.items()}
    others = (
        (share, word)
        for word, share in taught.words.items()
        if word not in found and word.startswith(typed)
    )
    for share, word in heapq.nlargest(count, others):
        weighed[word] = math.log(share)
    for word in found.keys() & taught.words.keys():
        weighed[word] = float(np.logaddexp(weighed[word], math.log(taught.words[word])))
    highest = max(weighed.values(), default=0.0)
    weights = {word: math.exp(value - highest) for word, value in weighed.items()}
    whole = sum(weights.values())
    return _best({word: weight / whole for word, weight in weights.items()}, count)


def _best(probabilities: Mapping[str, float], count: int) -> list[Suggestion]:
    best = heapq.nsmallest(count, probabilities.items(), key=lambda each: (-each[1], each[0]))
    return [Suggestion(*each) for each in best]


class _Beam(NamedTuple):
    """Spellings that are followed side by side."""

    texts: list[str]
    log_probabilities: Tensor  # (B,)
    logits: Tensor  # (B, V)
    state: NetworkState  # B rows


class PrefixSearch:
    """The same for tokenizers smaller than a word: spellings are followed to the words' ends.

    A beam search: of all beginnings the likeliest are read on, and at every step each is also
    weighed as a whole word, with all the ways in which the next token may end it.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.pieces = [tokenizer.decode([token]) for token in range(tokenizer.size)]
        sound = [bool(text) and "\ufffd" not in text for text in self.pieces]
        self.ends = torch.tensor(
            [ok and not _in_word(text[0]) for ok, text in zip(sound, self.pieces, strict=True)]
        )
        self.inside = torch.tensor(
            [ok and all(map(_in_word, text)) for ok, text in zip(sound, self.pieces, strict=True)]
        )
        self.ends[BOUNDARY] = True
        self._beginning: defaultdict[str, list[int]] = defaultdict(list)  # with this character
        for token, text in enumerate(self.pieces):
            self._beginning[text[:1]].append(token)
        self._may_follow = lru_cache(_KNOWN)(self._following)

    def complete(
        self,
        step: Step,
        logits: Tensor,
        state: NetworkState,
        lead: str,
        taught: UserPrior,
        count: int,
    ) -> list[Suggestion]:
        """The likeliest words that begin with what was typed.

        Args:
            step: the network's.
            logits: (1, V) after the context; state: likewise.
            lead: what the tokens to come must spell first: a space where the context ends in
                one, and the letters typed. Both are spelled here, not read before, because a
                subword may hold them and more. Where it is empty, as after a comma, a word may
                bring a space or not.

        Returns:
            Suggestions whose probabilities are shares among all words that were found.
        """
        typed = lead.lstrip()
        steps = len(lead) + LONGEST if len(typed) <= LONGEST_TYPED else 0
        found: dict[str, float] = {}
        beam = _Beam([""], torch.zeros(1, dtype=torch.float64), logits, state)
        for _ in range(steps):
            spread = beam.logits.float().cpu().log_softmax(1).double()
            spread += beam.log_probabilities[:, None]
            endings = spread[:, self.ends].logsumexp(1).tolist()
            for text, ending in zip(beam.texts, endings, strict=True):
                word = text.lstrip()
                if text.startswith(lead) and _is_word(word):
                    found[word] = float(np.logaddexp(found.get(word, -math.inf), ending))
            open_to = torch.stack([self._may_follow(text, lead) for text in beam.texts])
            # No longer spelling can overtake the words found, once its beginning is below them.
            bar = -math.inf
            if len(found) >= count:
                bar = heapq.nlargest(count, found.values())[-1]
            spread.masked_fill_(~open_to, -math.inf)
            best = spread.flatten().topk(min(BEAM, spread.numel()))
            values = best.values[best.values > bar]
            if not len(values):
                break
            beam = self._read_on(step, beam, best.indices[: len(values)], values)
        return _shares(found, typed, taught, count)

    def probability(
        self, step: Step, logits: Tensor, state: NetworkState, tokens: Sequence[int]
    ) -> float:
        """Of a word spelled so, and ended: logits (1, V) after the context, state likewise."""
        total = 0.0
        for token in tokens:
            total += float(logits[0].float().log_softmax(0)[token])
            logits, state = step(torch.tensor([token]), state)
        ends = self.ends.to(logits.device)
        return math.exp(total + float(logits[0].float().log_softmax(0)[ends].logsumexp(0)))

    def _following(self, text: str, lead: str) -> Tensor:
        """(V,) bool: the tokens that keep a spelling within one word that begins as it must."""
        if len(text) >= len(lead) and text.strip():
            return self.inside
        space = lead[: len(lead) - len(lead.lstrip())] if lead else " "
        wanted = lead[len(text) : len(text) + 1]
        allowed = torch.zeros(len(self.pieces), dtype=torch.bool)
        for token in self._beginning[wanted] if wanted else range(len(self.pieces)):
            longer = text + self.pieces[token]
            fits = len(longer) > len(text) and (longer.startswith(lead) or lead.startswith(longer))
            allowed[token] = fits and all(map(_in_word, longer.removeprefix(space)))
        return allowed

    def _read_on(self, step: Step, beam: _Beam, places: Tensor, values: Tensor) -> _Beam:
        """Spellings with one token more, all read in one batch.

        Args:
            places: among (B * V); values: their log-probabilities.
        """
        rows, tokens = places // len(self.pieces), places % len(self.pieces)
        kept = map_state(lambda part: part[rows], beam.state)
        logits, state = step(tokens, kept)
        both = zip(rows.tolist(), tokens.tolist(), strict=True)
        texts = [beam.texts[row] + self.pieces[token] for row, token in both]
        return _Beam(texts, values, logits, state)


def _is_word(text: str) -> bool:
    """Whether letters stand at both ends: a dash alone is none, nor is a quoted word's end."""
    return bool(text) and _is_letter(text[0]) and _is_letter(text[-1])


def _in_word(character: str) -> bool:
    return _is_letter(character) or character in "'’-‐‑·\u200c\u200d"


def _is_letter(character: str) -> bool:
    return character.isalnum() or unicodedata.category(character)[0] == "M"
