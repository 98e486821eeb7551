"""A rewriting that small translators learn in about two seconds, and what their tests compare."""

from __future__ import annotations

import dataclasses
import random

import pytest

import elman
from elman.tasks.seq2seq.config import RECIPES


def rewritten(word: str) -> str:
    """In capitals."""
    return word.upper()


def some_words(count: int, seed: int) -> list[str]:
    draw = random.Random(seed)
    return ["".join(draw.choices("abcd", k=draw.randint(1, 3))) for _ in range(count)]


WORDS = some_words(400, seed=0)
PAIRS = (WORDS, [rewritten(word) for word in WORDS])


def small(**settings) -> elman.Translator:
    chosen = {"hidden_size": 8, "layers": 1, "steps": 6, **settings}
    return elman.Translator(**chosen)


def learned_toy() -> elman.Translator:
    """It knows the toy; batches as small as the toy is."""
    with pytest.MonkeyPatch.context() as patch:
        recipe = dataclasses.replace(RECIPES["character"], tokens=150, learning_rate=1e-2)
        patch.setitem(RECIPES, "character", recipe)
        return small(hidden_size=24, order="forward", steps=260, dropout=0.0).fit(*PAIRS)


def answered(model: elman.Translator | elman.Describer, sources) -> dict:
    """All that a model says of some sources, as plain data."""
    translates = model.task == "translate"
    options = {"attention": True} if translates else {}
    targets = model.predict(sources)
    return {
        "greedy": model.predict(sources, beam=1),
        "parts": None if translates else model.predict_by_parts(sources),
        "chrF": model.score(sources[:1], [targets[0] or "a"]),
        "best": [
            [(each.text, each.score, each.probabilities, each.attention) for each in best]
            for best in model.predict_best(sources, count=3, **options)
        ],
    }
