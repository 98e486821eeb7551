"""Next-word suggestions of a language model with any tokenizer.

Shapes: V vocabulary, N tokens of a text.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from elman.decoding.prompts import from_beginning
from elman.decoding.suggestions import PrefixSearch, Suggestion, UserPrior, complete
from elman.decoding.word_index import WordIndex
from elman.nn.compiled.language_model import CompiledLanguageModel
from elman.nn.compiled.mixture import log_softmax
from elman.nn.compiled.network import Floats, State
from elman.text.tokenizers.tokenizer import Tokenizer
from elman.text.tokenizers.words import Words

WORDS = Words([])
"""Finds word boundaries, whatever tokenizer the model has."""


class ContextPosition(NamedTuple):
    """What a network knows after a context: logits and state."""

    logits: Floats  # (1, V) of the next token
    state: State


class Suggester:
    """Reads contexts and suggests the next word.

    Args:
        network: of a language model.
        tokenizer: its vocabulary.
        finder: the result of `finder_for(tokenizer)`.
    """

    def __init__(
        self,
        network: CompiledLanguageModel,
        tokenizer: Tokenizer,
        finder: WordIndex | PrefixSearch,
    ) -> None:
        self.network = network
        self.tokenizer = tokenizer
        self.finder = finder

    def split_prefix(self, text: str) -> tuple[str, str]:
        """Split a text into (context, prefix): what to read, and the unfinished last word, with the
        space before it if the token of the word includes that."""
        tokenizer = self.tokenizer
        context, _ = (tokenizer if isinstance(tokenizer, Words) else WORDS).split_typed(text)
        return context, text[len(context) :]

    def tokens(self, context: str) -> npt.NDArray[Any]:
        """Tokens (N,) of a context, from the start of a document."""
        return from_beginning(context, self.tokenizer)

    def read(
        self, tokens: npt.NDArray[Any], after: ContextPosition | None = None
    ) -> ContextPosition:
        """Read at least one token after a position, or from the start."""
        state = self.network.initial_state(1) if after is None else after.state
        return ContextPosition(*self.network.read([tokens], state))

    def suggest(
        self, position: ContextPosition, prefix: str, prior: UserPrior, count: int
    ) -> list[Suggestion]:
        """The most probable words that begin with the prefix, best first.

        Args:
            position: after the context.
            prefix: as `split_prefix` returns it.
            prior: words of the user, mixed in.
            count: most suggestions to return.
        """
        if isinstance(self.finder, WordIndex):
            probabilities = np.exp(log_softmax(position.logits[0]))
            return complete(self.finder, probabilities, prefix.lstrip(), prior, count)
        return self.finder.complete(self.network, *position, prefix, prior, count)

    def probability(self, position: ContextPosition, prefix: str, word: str) -> float:
        """Probability that the word comes next, in its usual spelling."""
        if isinstance(self.finder, WordIndex):
            index = self.finder.index_of(word)
            if index is None:
                return 0.0
            return float(np.exp(log_softmax(position.logits[0])[self.finder.tokens[index]]))
        tokens = self.tokenizer.encode(prefix[: len(prefix) - len(prefix.lstrip())] + word)
        return self.finder.probability(self.network, *position, tokens.tolist())


def finder_for(tokenizer: Tokenizer) -> WordIndex | PrefixSearch:
    """Word search for a tokenizer: by index if its tokens are words, else by beam search."""
    return (
        WordIndex(tokenizer.spellings, tokenizer.is_word)
        if isinstance(tokenizer, Words)
        else PrefixSearch(tokenizer)
    )
