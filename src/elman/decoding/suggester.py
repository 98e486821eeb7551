"""The words that a model would write next, whatever its tokenizer, at any place of a text.

Shapes: V vocabulary, N tokens of a text.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy.typing as npt
from torch import Tensor

from elman.decoding.incremental import read
from elman.decoding.prompts import from_beginning
from elman.decoding.suggestions import PrefixSearch, Suggestion, UserPrior, complete
from elman.decoding.word_index import WordIndex
from elman.nn.blocks import NetworkState
from elman.nn.language_model import LanguageModelNetwork
from elman.nn.native_step import Step
from elman.text.tokenizers.tokenizer import Tokenizer
from elman.text.tokenizers.words import Words

WORDS = Words([])
"""Where words begin and end, whatever the model's own tokenizer."""


class ContextPosition(NamedTuple):
    """Where a network stands in a text."""

    logits: Tensor  # (1, V)
    state: NetworkState


class Suggester:
    """Reads texts, and says with which words they may go on.

    Args:
        step: the network's.
        finder: as `finder_for` has it for the tokenizer.
    """

    def __init__(
        self,
        network: LanguageModelNetwork,
        tokenizer: Tokenizer,
        step: Step,
        finder: WordIndex | PrefixSearch,
    ) -> None:
        self.network = network
        self.tokenizer = tokenizer
        self.step = step
        self.finder = finder

    def parted(self, text: str) -> tuple[str, str]:
        """(context, lead): what to read of a text, and the letters of its unfinished last word,
        with the space before them if the word brings that."""
        tokenizer = self.tokenizer
        context, _ = (tokenizer if isinstance(tokenizer, Words) else WORDS).split_typed(text)
        return context, text[len(context) :]

    def tokens(self, context: str) -> npt.NDArray[Any]:
        """As `from_beginning` has them, (N,)."""
        return from_beginning(context, self.tokenizer)

    def read(
        self, tokens: npt.NDArray[Any], after: ContextPosition | None = None
    ) -> ContextPosition:
        """Read on, at least one token, from a place or from the beginning."""
        state = self.network.initial_state(1) if after is None else after.state
        return ContextPosition(*read(self.network, tokens, state, self.step))

    def suggest(
        self, place: ContextPosition, lead: str, taught: UserPrior, count: int
    ) -> list[Suggestion]:
        """The likeliest words that begin as typed, best first.

        Args:
            lead: as `parted` has it.
        """
        if isinstance(self.finder, WordIndex):
            spread = place.logits[0].float().softmax(0)
            return complete(self.finder, spread, lead.lstrip(), taught, count)
        return self.finder.complete(self.step, *place, lead, taught, count)

    def probability(self, place: ContextPosition, lead: str, word: str) -> float:
        """How far the model believes that a word comes next; of its spellings the usual one."""
        if isinstance(self.finder, WordIndex):
            found = self.finder.place(word)
            if found is None:
                return 0.0
            return float(place.logits[0].float().softmax(0)[self.finder.tokens[found]])
        tokens = self.tokenizer.encode(lead[: len(lead) - len(lead.lstrip())] + word)
        return self.finder.probability(self.step, *place, tokens.tolist())


def finder_for(tokenizer: Tokenizer) -> WordIndex | PrefixSearch:
    """What finds a tokenizer's words: whole ones among its tokens, or spellings."""
    return (
        WordIndex(tokenizer.spellings, tokenizer.is_word)
        if isinstance(tokenizer, Words)
        else PrefixSearch(tokenizer)
    )
