"""The evaluation of a language model, its baseline, and intervals of the differences."""

from __future__ import annotations

from typing import Any

import numpy as np

from elman.data.corpus import Corpus
from elman.decoding.word_index import WordIndex
from elman.metrics.intervals import bootstrap_difference
from elman.metrics.keyboard import KeyboardScores, TypingCounts, keyboard_scores
from elman.metrics.language_modeling import bits_per_character, nats_per_token, perplexity
from elman.metrics.report import Evaluation
from elman.nn.compiled.language_model import Tokens
from elman.nn.compiled.predictor import Floats, NetworkPredictor, Predictor
from elman.tasks.language_modeling.baseline import NGramBaseline
from elman.text.tokenizers.tokenizer import BOUNDARY, Tokenizer
from elman.text.tokenizers.words import Words

FRESH_BLOCK = 64  # tokens, the usual block of other systems
BLOCK = 50  # adjacent tokens or words that the bootstrap draws together


def evaluate_language(
    network: NetworkPredictor,
    corpus: Corpus,
    ngram: NGramBaseline | None,
    warnings: tuple[str, ...] = (),
) -> Evaluation:
    """Score a network and an n-gram model on the same tokens.

    Args:
        network: of the language model; the parts of a mixture are also scored alone.
        corpus: the text.
        ngram: the baseline; None for none.
        warnings: included in the report.

    Raises:
        EmptyTextError: the text has no characters.
    """
    text = _Text(corpus)
    by_parts = network.by_parts(text.ids)
    log_probabilities = by_parts.pop("both")
    keyboard, scores = text.scores(network, log_probabilities)
    details: dict[str, Any] = {"token": text.tokenizer.name}
    if by_parts:
        details["alone"] = {name: nats_per_token(part) for name, part in by_parts.items()}
    if len(text.ids) > FRESH_BLOCK:
        fresh = network.fresh_log_probabilities(text.ids, FRESH_BLOCK)
        scores["nats_per_token_fresh"] = nats_per_token(fresh)
    if ngram is None:
        return Evaluation(
            "language", len(log_probabilities), scores, warnings=warnings, details=details
        )

    other_log_probabilities = ngram.log_probabilities(text.ids)
    other_keyboard, baseline = text.scores(ngram, other_log_probabilities)
    interval = {"nats_per_token": _interval(-log_probabilities, -other_log_probabilities)}
    if keyboard is not None and other_keyboard is not None:
        for name in ("hit1", "hit3"):
            ours, theirs = getattr(keyboard, name), getattr(other_keyboard, name)
            interval[name.replace("hit", "top")] = _interval(ours, theirs)
        share = len(keyboard.saved) / keyboard.keystrokes  # from savings per word to a fraction
        low, high = _interval(keyboard.saved, other_keyboard.saved)
        interval["keystroke_savings"] = (low * share, high * share)
    named = {"name": ngram.name, **baseline}
    return Evaluation(
        "language", len(log_probabilities), scores, named, interval, warnings, details
    )


class _Text:
    """The text to score, and for words the typing of a simulated user."""

    def __init__(self, corpus: Corpus) -> None:
        ids = np.asarray(corpus.ids)
        # Every text starts with a BOUNDARY; a part of a corpus has none.
        self.ids = ids if ids[0] == BOUNDARY else np.concatenate([[BOUNDARY], ids])
        self.corpus = corpus
        self.tokenizer: Tokenizer = corpus.tokenizer
        self.typing: TypingCounts | None = None
        if isinstance(self.tokenizer, Words):
            self.positions = self.tokenizer.word_positions(self.ids)
            if len(self.positions):
                self.typing = _typing_counts(self.ids, self.tokenizer)
                self.index = WordIndex(self.tokenizer.spellings, self.tokenizer.is_word)

    def scores(
        self, predictor: Predictor, log_probabilities: Floats
    ) -> tuple[KeyboardScores | None, dict[str, float]]:
        scores = {
            "nats_per_token": nats_per_token(log_probabilities),
            "bits_per_character": bits_per_character(log_probabilities, self.corpus.characters),
        }
        if self.corpus.words:  # a blank text has characters, but no words
            scores["perplexity"] = perplexity(log_probabilities, self.corpus.words)
            if isinstance(self.tokenizer, Words):
                counted = self.corpus.words + self.tokenizer.decode(self.ids).count("\n")
                scores["perplexity_with_line_ends"] = perplexity(log_probabilities, counted)
        if self.typing is None:
            return None, scores
        rows = predictor.distributions(self.ids, self.positions)
        keyboard = keyboard_scores(self.index, self.typing, rows)
        scores |= {
            "top1": keyboard.top1,
            "top3": keyboard.top3,
            "keystroke_savings": keyboard.keystroke_savings,
        }
        return keyboard, scores


def _typing_counts(ids: Tokens, tokenizer: Words) -> TypingCounts:
    """Typing counts, document by document, so that no word spans a BOUNDARY."""
    words: list[str] = []
    spaced: list[bool] = []
    keystrokes = 0
    starts = np.flatnonzero(ids == BOUNDARY)
    for part in np.split(ids, starts[1:]):
        text = tokenizer.decode(part)
        counts = TypingCounts.of(text, tokenizer.words_in(text))
        words += counts.words
        spaced += counts.spaced
        keystrokes += counts.keystrokes
    return TypingCounts(words, spaced, keystrokes)


def _interval(ours: Any, theirs: Any) -> tuple[float, float]:
    # Use shorter blocks for short texts: a single block would give an interval of width 0.
    difference = bootstrap_difference(ours, theirs, block=max(1, min(BLOCK, len(ours) // 10)))
    return difference.low, difference.high
