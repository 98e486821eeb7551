"""Subwords: the training sample and the cache of pre-tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from elman.text.tokenizers import subwords as subwords_module
from elman.text.tokenizers.subwords import Subwords

if TYPE_CHECKING:
    import pytest


def test_frequent_pairs_become_tokens() -> None:
    tokenizer = Subwords.learn(["the cat and the hat and the bat\n" * 200])
    assert len(tokenizer.encode("the cat and the hat")) <= 6
    assert tokenizer.decode([int(tokenizer.encode("the")[0])]) in ("t", "th", "the")


def test_the_default_size_grows_with_the_text() -> None:
    few = Subwords.learn(["the cat and the hat and the bat\n" * 20])
    assert few.size <= 257 + 20 * 32 // subwords_module.CHARACTERS_PER_MERGE


def test_a_long_text_is_learned_from_all_along() -> None:
    chunks = [f"{number:02}" for number in range(100)]
    spaced = subwords_module._evenly_spaced(chunks, 50)
    assert spaced == chunks[::4]
    assert subwords_module._evenly_spaced(chunks, 200) == chunks


def test_the_cache_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subwords_module, "_MAX_CACHED", 10)
    tokenizer = Subwords.learn(["a few words\n" * 100])
    for number in range(50):
        text = f" word {number} {'x' * 1000}{number}"
        assert tokenizer.decode(tokenizer.encode(text)) == text
        assert len(tokenizer._cache) < 20
        assert max(map(len, tokenizer._cache)) < 100
