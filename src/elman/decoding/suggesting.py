"""The likeliest next words after a context, given the letters already typed.

Shapes: V vocabulary.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from elman.cells import map_state
from elman.network import NetworkState, Step
from elman.scoring import WordIndex
from elman.text import BOUNDARY, Unit

LEARNED_SHARE = 0.1  # of belief that goes to the words a user has taught
BEAM = 12  # spellings followed at once
LONGEST = 24  # symbols of a spelled word, besides the letters typed
LONGEST_TYPED = 100  # letters; nothing that goes on for longer is a word


class Suggestion(NamedTuple):
    word: str
    probability: float


def complete(
    index: WordIndex, probabilities: Tensor, typed: str, learned: Mapping[str, int], count: int
) -> list[Suggestion]:
    """The words of a vocabulary and those a user taught, best first.

    A taught word's share of all that was taught is mixed in (R. Kuhn, R. De Mori, 'A
    Cache-Based Natural Language Model for Speech Recognition', 1990): so a word outside the
    vocabulary is offered too, once its letters say that it may be meant.

    Args:
        probabilities: (V,) of the next symbol.
        typed: the word's letters so far, exact in case.
        learned: how often each taught word was seen.
    """
    spread = probabilities.numpy(force=True)
    if not learned:
        return [Suggestion(*pair) for pair in index.complete(spread, typed, count)]
    fitting = {word: n for word, n in learned.items() if word.startswith(typed)}
    found = dict(index.complete(spread, typed, count))
    for word in fitting:
        place = index.place(word)
        if place is not None:
            found[word] = float(spread[index.symbols[place]])
    return _mixed(found, fitting, sum(learned.values()), count)


def _mixed(
    found: Mapping[str, float], fitting: Mapping[str, int], total: int, count: int
) -> list[Suggestion]:
    """The model's belief in each word, with a share of belief given to what was taught."""
    mixed = [
        Suggestion(
            word,
            (1 - LEARNED_SHARE) * found.get(word, 0.0)
            + LEARNED_SHARE * fitting.get(word, 0) / total,
        )
        for word in found.keys() | fitting.keys()
    ]
    return sorted(mixed, key=lambda each: (-each.probability, each.word))[:count]


def _shares(found: Mapping[str, float], fitting: Mapping[str, int], total: int) -> list[Suggestion]:
    """The same from log-probabilities of spellings, as shares among these words, best first.

    The letters typed may be next to impossible to the model: then what was taught decides.
    """
    weighed = {word: value + math.log(1 - LEARNED_SHARE) for word, value in found.items()}
    for word, n in fitting.items():
        taught = math.log(LEARNED_SHARE * n / total)
        weighed[word] = float(np.logaddexp(weighed.get(word, -math.inf), taught))
    highest = max(weighed.values(), default=0.0)
    weights = {word: math.exp(value - highest) for word, value in weighed.items()}
    whole = sum(weights.values())
    shares = [Suggestion(word, weight / whole) for word, weight in weights.items()]
    return sorted(shares, key=lambda each: (-each.probability, each.word))


class _Spelling(NamedTuple):
    text: str
    log_probability: float
    logits: Tensor  # (V,)
    state: NetworkState  # one row


class Speller:
    """The same for units smaller than a word: spellings are followed to the words' ends.

    A beam search: of all beginnings the likeliest are read on, and at every step each is also
    weighed as a whole word, with all the ways in which the next symbol may end it.
    """

    def __init__(self, unit: Unit) -> None:
        self.pieces = [unit.decode([symbol]) for symbol in range(unit.size)]
        sound = [bool(text) and "\ufffd" not in text for text in self.pieces]
        self.ends = torch.tensor(
            [ok and not _in_word(text[0]) for ok, text in zip(sound, self.pieces, strict=True)]
        )
        self.inside = torch.tensor(
            [ok and all(map(_in_word, text)) for ok, text in zip(sound, self.pieces, strict=True)]
        )
        self.ends[BOUNDARY] = True

    def complete(
        self,
        step: Step,
        logits: Tensor,
        state: NetworkState,
        lead: str,
        learned: Mapping[str, int],
        count: int,
    ) -> list[Suggestion]:
        """The likeliest words that begin with what was typed.

        Args:
            step: the network's.
            logits: (1, V) after the context; state: likewise.
            lead: what the symbols to come must spell first: a space where the context ends in
                one, and the letters typed. Both are spelled here, not read before, because a
                subword may hold them and more. Where it is empty, as after a comma, a word may
                bring a space or not.
            learned: how often each taught word was seen.

        Returns:
            Suggestions whose probabilities are shares among all words that were found.
        """
        typed = lead.lstrip()
        steps = len(lead) + LONGEST if len(typed) <= LONGEST_TYPED else 0
        found: dict[str, float] = {}
        beam = [_Spelling("", 0.0, logits[0], state)]
        for _ in range(steps):
            candidates: list[tuple[float, _Spelling, int]] = []
            for spelling in beam:
                spread = spelling.logits.float().cpu().log_softmax(0)
                word = spelling.text.lstrip()
                if spelling.text.startswith(lead) and _is_word(word):
                    ending = spelling.log_probability + float(spread[self.ends].logsumexp(0))
                    found[word] = float(np.logaddexp(found.get(word, -math.inf), ending))
                open_to = spread.masked_fill(~self._may_follow(spelling.text, lead), -math.inf)
                best = open_to.topk(min(BEAM, len(self.pieces)))
                candidates += [
                    (spelling.log_probability + value, spelling, symbol)
                    for value, symbol in zip(
                        best.values.tolist(), best.indices.tolist(), strict=True
                    )
                    if value > -math.inf
                ]
            candidates.sort(key=lambda each: -each[0])
            # No longer spelling can overtake the words found, once its beginning is below them.
            bar = sorted(found.values(), reverse=True)[count - 1] if len(found) >= count else None
            kept = [each for each in candidates[:BEAM] if bar is None or each[0] > bar]
            if not kept:
                break
            beam = self._read_on(step, kept)
        fitting = {word: n for word, n in learned.items() if word.startswith(typed)}
        return _shares(found, fitting, sum(learned.values()))[:count]

    def _may_follow(self, text: str, lead: str) -> Tensor:
        """(V,) bool: the symbols that keep a spelling within one word that begins as it must."""
        if len(text) >= len(lead) and text.strip():
            return self.inside
        space = lead[: len(lead) - len(lead.lstrip())] if lead else " "
        allowed = []
        for piece in self.pieces:
            longer = text + piece
            fits = bool(piece) and (longer.startswith(lead) or lead.startswith(longer))
            allowed.append(fits and all(map(_in_word, longer.removeprefix(space))))
        return torch.tensor(allowed)

    def _read_on(self, step: Step, kept: list[tuple[float, _Spelling, int]]) -> list[_Spelling]:
        """Each spelling with one symbol more, all read in one batch."""
        states = [spelling.state for _, spelling, _ in kept]
        state = map_state(lambda *parts: torch.cat(parts), *states)
        logits, state = step(torch.tensor([symbol for _, _, symbol in kept]), state)
        return [
            _Spelling(
                spelling.text + self.pieces[symbol],
                log_probability,
                logits[row],
                map_state(lambda part, row=row: part[row : row + 1], state),
            )
            for row, (log_probability, spelling, symbol) in enumerate(kept)
        ]


def _is_word(text: str) -> bool:
    """Whether letters stand at both ends: a dash alone is none, nor is a quoted word's end."""
    return bool(text) and _is_letter(text[0]) and _is_letter(text[-1])


def _in_word(character: str) -> bool:
    return _is_letter(character) or character in "'’-‐‑·\u200c\u200d"


def _is_letter(character: str) -> bool:
    return character.isalnum() or unicodedata.category(character)[0] == "M"
