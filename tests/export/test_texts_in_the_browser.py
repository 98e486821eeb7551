"""A text falls into the same tokens in the browser as here, and comes back from them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from elman.decoding.prompts import split_prefix
from elman.text.subword_hashing import HashedVocabulary, ngrams, words_of
from elman.text.tokenizers.table import TOKENIZERS

# Characters that Unicode has had for long, so that no two versions of it disagree, and among them
# often those that rules of spacing and of n-grams are about.
RULED = " \n\t'\"’-‐·.,!?;:()[]{}“”«»—/_|~…#$%&*+=<>^`´\x1c\x85\u00a0\u2028\u3000\u200c\u200d\u00ad"
SCRIPTS = "aAbBzéßıİΣσς²½Ⅷ٣߀ǅﬁกำनि한漢字かガ々。「🙂🏽👩\u0301\u3099\u20dd\ufeff\ud800"
TEXTS = st.text(
    st.one_of(
        st.sampled_from(RULED),
        st.sampled_from(SCRIPTS),
        st.sampled_from("abcdefghij"),
        st.characters(max_codepoint=0x2FFF, exclude_categories=("Cn",)),
        st.characters(min_codepoint=0x10000, max_codepoint=0x1F6FF, exclude_categories=("Cn",)),
    ),
    max_size=60,
) | st.lists(
    st.sampled_from(
        ["the", "aaaaa", "'", '"', " ", "\n", "don't", "well-", "漢", "x", "3.14", "--", ","]
    ),
    max_size=15,
).map("".join)
MANY = st.lists(TEXTS, min_size=20, max_size=20)
thorough = settings(
    max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)


@pytest.fixture(scope="module")
def tokenizers(tale):
    strange = "İstanbul ΣΟΦΟΣ naïve ﬁn 漢字 3.14² don't 'tis \"so\" -- é\n"
    text = f"{tale}{strange * 3}{'aaa ' * 2000}"  # where two merges of "aaa" would fit
    return {name: tokenizer.learn([text]) for name, tokenizer in TOKENIZERS.items()}


CODE = """
    const tokenizer = tokenizerFrom(given.tokenizer);
    const [left, right] = [given.tokens, given.texts];
    return {
      size: tokenizer.size,
      encoded: right.map((text) => tokenizer.encode(text)),
      decoded: left.map((ids) => decode(tokenizer, ids)),
      parted: right.map((text) => splitPrompt(text, tokenizer)),
    };
"""


@pytest.mark.parametrize("name", TOKENIZERS)
@thorough
@given(texts=MANY, seed=st.integers(0, 2**32))
def test_units(run, tokenizers, name, texts, seed):
    tokenizer = tokenizers[name]
    draw = np.random.default_rng(seed)
    halves = zip(texts, ['"', *reversed(texts)], strict=False)
    joined = [[*tokenizer.encode(a), *tokenizer.seam, *tokenizer.encode(b)] for a, b in halves]
    quoted = [*tokenizer.encode('he "'), *tokenizer.seam, *tokenizer.encode('"so" it is')]
    own = [*st_tokens(tokenizer, draw), *[list(map(int, row)) for row in (*joined, quoted)]]
    given = {"tokenizer": tokenizer.to_json(), "texts": texts, "tokens": own}
    result = run("tokenizers.js tokenizer.js prompts.js", CODE, given)
    assert result["size"] == tokenizer.size
    for text, encoded, part in zip(texts, result["encoded"], result["parted"], strict=True):
        assert encoded == tokenizer.encode(text).tolist(), text
        assert tuple(part) == split_prefix(text, tokenizer), text
    for tokens, decoded in zip(own, result["decoded"], strict=True):
        assert decoded == tokenizer.decode(tokens), tokens


def st_tokens(tokenizer, draw):
    """Rows of tokens as a network may draw them: marks, torn bytes and all."""
    lows = draw.integers(0, min(tokenizer.size, 300), (10, 12))
    marks = draw.integers(
        255, min(tokenizer.size, 275), (10, 12)
    )  # of spacing, where there are words
    any_of_them = draw.integers(0, tokenizer.size, (10, 12))
    return [*lows.tolist(), *marks.tolist(), *any_of_them.tolist()]


@thorough
@given(texts=MANY)
def test_words_typed(run, tokenizers, texts):
    tokenizer = tokenizers["word"]
    code = (
        "const tokenizer = tokenizerFrom(given.tokenizer);"
        " return given.texts.map((text) => tokenizer.splitTyped(text));"
    )
    result = run("tokenizers.js", code, {"tokenizer": tokenizer.to_json(), "texts": texts})
    for text, each in zip(texts, result, strict=True):
        assert tuple(each) == tokenizer.split_typed(text), text


@thorough
@given(texts=MANY)
def test_words_that_are_looked_up(run, texts):
    words = words_of(" ".join(texts))
    code = """
        const vocabulary = new HashedVocabulary({ words: given.own, buckets: 4096 });
        return { words: wordsOf(given.text), ngrams: given.words.map((word) => ngrams(word, 4096)),
                 numbers: given.words.map((word) => vocabulary.index(word)) };
    """
    own = sorted({word.lower() for word in words[::2]})
    given = {"own": own, "text": " ".join(texts), "words": words}
    result = run("segmentation.js subword_hashing.js", code, given)
    assert result["words"] == words
    assert result["ngrams"] == [ngrams(word, 4096) for word in words]
    assert result["numbers"] == [HashedVocabulary(own).id_of(word) for word in words]


@pytest.mark.parametrize("word", ["", "a" * 31, "ab" * 40, "Ωmega" * 9])
def test_short_and_long_words(run, word):
    assert run("subword_hashing.js", "return ngrams(given, 256)", word) == ngrams(word, 256)


@given(seed=st.integers(0, 2**53 - 1))
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
def test_random_numbers_are_those_of_numpy(run, seed):
    code = "const random = randomNumbers(given); return Array.from({ length: 9 }, random);"
    assert run("rng.js", code, seed) == np.random.default_rng(seed).random(9).tolist()
