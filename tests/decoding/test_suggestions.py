"""Suggestions: words that begin as typed, ranked as plain enumeration ranks them."""

from __future__ import annotations

import copy
import itertools
import math
import pickle

import joblib
import numpy as np
import pytest
import torch

import elman
from elman.decoding import suggestions
from elman.decoding.suggestions import NO_USER_PRIOR, PrefixSearch, UserPrior
from elman.decoding.word_index import WordIndex
from elman.errors import SettingError
from elman.nn.config import StackConfig
from elman.nn.language_model import LanguageModelNetwork
from elman.text.folding import fold
from elman.text.tokenizers.characters import Characters
from elman.text.tokenizers.subwords import Subwords
from elman.text.tokenizers.tokenizer import BOUNDARY
from language_models import compiled

CONTEXTS = {
    "": "",
    "The dog ": "",
    "The dog sat on\n": "",
    "The dog sat on the mat.": "",
    "The dog sat on the mat,": "",
    "A bird looked at the ri": "ri",
    "The dog didn'": "didn'",
    "The king's well-": "well-",
    "wal": "wal",
    "(th": "th",
    "The dog  ": "",
    "ZZ": "ZZ",
}


@pytest.fixture
def pupil(model):
    """The model, which forgets after the test what it was prior."""
    yield model
    model.forget()


@pytest.mark.parametrize("text", CONTEXTS)
def test_suggestions_are_different_words_that_begin_as_typed(model, text):
    result = model.suggest(text)
    words = [word for word, _ in result]
    shares = [share for _, share in result]
    assert len(words) <= 3
    assert len(set(words)) == len(words)
    for word in words:
        assert fold(word).startswith(fold(CONTEXTS[text]))
        assert word[0].isalnum()
        assert word[-1].isalnum()
        assert model.tokenizer_.encode(word).size
    assert all(0 <= share <= 1 for share in shares)
    assert sum(shares) <= 1 + 1e-6
    if all(word.startswith(CONTEXTS[text]) for word in words):
        assert shares == sorted(shares, reverse=True)


def test_three_are_found_where_three_fit(model):
    for text in ("The dog ", "A bird sat on the ", "The dog sat on the mat.\n"):
        assert len(model.suggest(text)) == 3


def test_the_best_are_what_the_text_goes_on_with(model):
    first = {word for word, _ in model.suggest("The dog ")}
    assert first <= {"sat", "looked", "didn't", "walked"}
    assert [word for word, _ in model.suggest("The dog walked to the ri", 1)] == ["river"]
    assert model.suggest("The dog walked ", 1)[0].word == "to"
    assert model.suggest("The dog didn'", 1)[0].word == "didn't"
    assert model.suggest("The dog walked to the old ", 1)[0].word == "tree"


def test_after_a_comma_the_next_word_is_offered_though_no_space_is_typed_yet(model):
    assert model.suggest("A bird sat on the mat,", 1)[0].word == "so"
    assert model.suggest("A bird sat on the mat, ", 1)[0].word == "so"


@pytest.mark.parametrize(
    ("typed", "word"),
    [
        ("The dog didn’", "didn't"),
        ("The dog didnt", "didn't"),
        ("The dog DIDN'T", "didn't"),
        ("The dog walked to the RIV", "river"),
        ("The dog walked to the ri\u0301v", "river"),
    ],
)
def test_a_word_is_found_however_it_is_typed(model, typed, word):
    """It is offered as the training text writes it."""
    assert word in [each.word for each in model.suggest(typed)]


def test_accents_and_capitals_of_the_text_are_found_without_them():
    lines = ["Le café de Zoë est né à Łódź.", "Die Straße, der ΛΟΓΟΣ"] * 40
    model = elman.LanguageModel(tokenizer="word", hidden_size=8, layers=1, steps=5).fit(lines)
    for typed, word in [("cafe", "café"), ("zoe", "Zoë"), ("cafe\u0301", "café"), ("NÉ", "né")]:
        assert model.suggest(typed, 1)[0].word == word
    assert model.suggest("strasse", 1)[0].word == "Straße"
    assert model.suggest("λογος", 1)[0].word == "ΛΟΓΟΣ"


def test_words_that_begin_as_typed_come_first():
    """The folded ones only fill what is left, by their probabilities."""
    index = WordIndex(["", "Her", "he", "hers", "hélas", "x"], np.array([False] + [True] * 5))
    probabilities = np.array([0.0, 0.5, 0.01, 0.09, 0.3, 0.1], dtype=np.float32)
    for typed, words in [
        ("he", ["hers", "he", "Her", "hélas"]),
        ("He", ["Her", "hélas", "hers", "he"]),
        ("HEL", ["hélas"]),
        ("’", []),
    ]:
        result = suggestions.complete(index, probabilities, typed, NO_USER_PRIOR, 4)
        assert [each.word for each in result] == words
    prior = UserPrior({"Hello": 0.1}, 0.9)
    result = suggestions.complete(index, probabilities, "HEL", prior, 4)
    assert [(each.word, round(each.probability, 6)) for each in result] == [
        ("hélas", 0.27),
        ("Hello", 0.1),
    ]


@pytest.mark.parametrize("count", [1, 2, 5])
def test_count(model, count):
    result = model.suggest("The dog sat on ", count)
    assert len(result) == count
    assert result[0].word == model.suggest("The dog sat on ", 1)[0].word


@pytest.mark.parametrize("count", [0, -1, 1.5])
def test_a_count_below_one_is_refused(model, count):
    with pytest.raises(SettingError, match="count"):
        model.suggest("The", count)


# Against all words, one by one


@pytest.mark.parametrize("text", CONTEXTS)
def test_the_word_tokenizer_ranks_its_whole_vocabulary(words, text):
    tokenizer = words.tokenizer_
    context, typed = tokenizer.split_typed(text)
    assert typed == CONTEXTS[text]
    ids = torch.tensor([[BOUNDARY, *tokenizer.encode(context or "\n").tolist()]])
    logits, _ = words.network_(ids, words.network_.initial_state(1))
    shares = logits[0, -1].detach().double().softmax(0)
    fitting = [
        (spelling.startswith(typed), float(shares[token]), spelling)
        for token, spelling in enumerate(tokenizer.spellings)
        if tokenizer.is_word[token] and fold(spelling).startswith(fold(typed))
    ]
    best = sorted(fitting, reverse=True)[:4]
    result = words.suggest(text, 4)
    assert [word for word, _ in result] == [word for _, _, word in best]
    assert [share for _, share in result] == pytest.approx([p for _, p, _ in best], rel=1e-3)


def random_network(size, seed):
    """Untrained, with its outputs far apart, so that no two words tie."""
    torch.manual_seed(seed)
    network = LanguageModelNetwork(
        StackConfig(vocabulary=size, hidden_size=8, layers=1, cell="gru")
    ).eval()
    with torch.no_grad():
        network.output.weight *= 8
    return network


def chances(network, tokenizer, context, prefix, longest):
    """The log-chance of every word of at most `longest` tokens, all its spellings together."""
    pieces = [tokenizer.decode([token]) for token in range(tokenizer.size)]
    ends = [i for i, text in enumerate(pieces) if i == BOUNDARY or not_in_word(text)]
    inner = [i for i, text in enumerate(pieces) if text and "\ufffd" not in text]
    inner = [i for i in inner if not text_breaks(pieces[i])]
    start = [BOUNDARY, *tokenizer.encode(context or "\n").tolist()]
    result = {}
    for length in range(1, longest + 1):
        for spelling in itertools.product(inner, repeat=length):
            text = "".join(pieces[i] for i in spelling)
            word = text.removeprefix(" ")
            if not is_whole(word) or not fits(text, prefix):
                continue
            ids = torch.tensor([[*start, *spelling]])
            with torch.no_grad():
                spread = network(ids, network.initial_state(1))[0][0].double().log_softmax(-1)
            steps = spread[len(start) - 1 : -1].gather(1, ids[0, len(start) :, None])
            chance = float(steps.sum() + spread[-1][ends].logsumexp(0))
            result[word] = float(np.logaddexp(result.get(word, -math.inf), chance))
    return result


def not_in_word(text):
    return bool(text) and text[0] in " ,.\n!" and "\ufffd" not in text


def text_breaks(text):
    """A space may only come first; of the bytes, only letters are worth a product."""
    return not all(c in "abt'" for c in text.removeprefix(" "))


def is_whole(word):
    return bool(word) and word[0] in "abt" and word[-1] in "abt" and " " not in word


def fits(text, prefix):
    return text.startswith(prefix) if prefix else True


def tiny(tokenizer_class):
    if tokenizer_class is Characters:
        return Characters(" abt")
    return Subwords([(1 + ord("a"), 1 + ord("b")), (1 + ord(" "), 257), (1 + ord("a"), 1 + 39)])


@pytest.mark.parametrize("tokenizer_class", [Characters, Subwords])
@pytest.mark.parametrize(("context", "prefix"), [("a", " "), ("ab", ""), ("", "a"), ("b", " b")])
@pytest.mark.parametrize("seed", [0, 1])
def test_smaller_tokenizers_weigh_words_as_enumeration_does(
    monkeypatch, tokenizer_class, context, prefix, seed
):
    """All that is spelled in three tokens, exactly, once the beam is wide enough for all."""
    tokenizer = tiny(tokenizer_class)
    network = random_network(tokenizer.size, seed)
    only = {" ", "a", "b", "t", "'", "ab", " ab", "a'"}
    speller = PrefixSearch(tokenizer)
    # The other bytes are of no use to the enumeration, which would take for ever.
    kept = np.array([piece in only for piece in speller.pieces])
    speller.pieces = [
        piece if keep else "" for piece, keep in zip(speller.pieces, kept.tolist(), strict=True)
    ]
    speller.inside &= kept
    monkeypatch.setattr(suggestions, "BEAM", 10_000)
    monkeypatch.setattr(suggestions, "MAX_SPELLING", 4 - len(prefix))
    speller.ends = np.array(
        [i == BOUNDARY or not_in_word(tokenizer.decode([i])) for i in range(tokenizer.size)]
    )
    start = [BOUNDARY, *tokenizer.encode(context or "\n")]
    reading = compiled(network)
    logits, state = reading.read([start], reading.initial_state(1))
    result = speller.complete(reading, logits, state, prefix, NO_USER_PRIOR, 10_000)
    expected = chances(network, tokenizer, context, prefix, 3)
    assert_shares(result, expected)
    # And prior: a word known, one unknown that fits or not, one that never fits.
    prior = {"ab": 2, "ta'b": 3, "abba": 1, "bab": 1, "zzz": 4}
    result = speller.complete(reading, logits, state, prefix, UserPrior.counted(prior), 10_000)
    expected = {word: chance + math.log(0.9) for word, chance in expected.items()}
    for word, count in prior.items():
        if word.startswith(prefix.strip()):
            share = math.log(0.1 * count / 11)
            expected[word] = float(np.logaddexp(expected.get(word, -math.inf), share))
    assert_shares(result, expected)


def assert_shares(result, expected):
    assert {word for word, _ in result} == set(expected)
    highest = max(expected.values())
    whole = sum(math.exp(chance - highest) for chance in expected.values())
    for word, share in result:
        assert share == pytest.approx(math.exp(expected[word] - highest) / whole, rel=1e-3)
    assert [word for word, _ in result] == sorted(expected, key=lambda w: (-dict(result)[w], w))


def test_the_usual_beam_finds_the_best_words_of_all(characters, monkeypatch):
    """As one that keeps every beginning does."""
    texts = ["The dog ", "A bird sat on the ", "The small k", "My old friend looked at a "]
    usual = [characters.suggest(text) for text in texts]
    monkeypatch.setattr(suggestions, "BEAM", 200)
    for result, text in zip(usual, texts, strict=True):
        assert [word for word, _ in result] == [word for word, _ in characters.suggest(text)]


def test_a_text_may_end_with_a_word():
    """Short messages end without a stop; so their last words are words."""
    messages = ["see you soon", "see you at ten", "soon at ten"] * 40
    for tokenizer in ("character", "subword"):
        model = elman.LanguageModel(
            tokenizer=tokenizer, hidden_size=32, layers=1, dropout=0.0, learning_rate=1e-2, steps=60
        ).fit(messages)
        assert model.suggest("see you so", 1)[0].word == "soon"
        speller = PrefixSearch(model.tokenizer_)
        assert speller.ends[BOUNDARY]
        assert model.suggest("see you at t", 1)[0].word == "ten"


def test_dashes_and_quotes_alone_are_no_words(characters):
    result = characters.suggest("The dog sat on the mat ", 50)
    assert "-" not in {word for word, _ in result}
    assert all(word.strip("-'’") == word for word, _ in result)


def test_vowel_signs_belong_to_words():
    """Without them no word of Hindi could be spelled to its end."""
    model = elman.LanguageModel(hidden_size=32, layers=1, dropout=0.0, learning_rate=1e-2, steps=40)
    model.fit("हिन्दी में लिखा है\n" * 60)
    assert model.suggest("हिन्", 1)[0].word == "हिन्दी"


@pytest.mark.parametrize("letters", [30, 60])
def test_words_of_many_letters_are_completed_too(letters):
    """However much of them is typed: what is typed is no longer to be found."""
    long = ("abcdefghij" * 10)[:letters] + "xyz"
    model = elman.LanguageModel(hidden_size=32, layers=1, dropout=0.0, learning_rate=2e-2, steps=60)
    model.fit(f"{long} " * 60)
    result = model.suggest(f"{long} {long[:-4]}", 3)
    assert all(word.startswith(long[:-4]) for word, _ in result)
    assert result


def test_what_is_no_word_any_more_is_left_alone(model):
    assert model.suggest("a" * 5000) == []


# What a user teaches


def test_a_word_learned_is_completed_from_its_letters_and_forgotten(pupil):
    for typed in ("Zyz", "The dog sat on Zyz"):
        assert "Zyzzy" not in [word for word, _ in pupil.suggest(typed)]
    assert pupil.learn("Dear Zyzzy, dear naïve Łódź") is pupil
    for typed in ("Zyz", "The dog sat on Zyz", "(Zy"):
        assert pupil.suggest(typed)[0].word == "Zyzzy"
    assert pupil.suggest("so naï")[0].word == "naïve"
    assert pupil.suggest("to Łó")[0].word == "Łódź"
    assert pupil.forget("Zyzzy") is pupil
    assert "Zyzzy" not in [word for word, _ in pupil.suggest("Zyz")]
    assert pupil.suggest("so naï")[0].word == "naïve"
    assert pupil.learn("Zyzzy").suggest("ZYZ", 1)[0].word == "Zyzzy"
    pupil.forget()
    assert pupil.learned_ == {}
    pupil.forget("never learned")


def test_what_is_learned_often_comes_first(pupil):
    pupil.learn("Zyzza Zyzzb Zyzzb")
    assert [word for word, _ in pupil.suggest("Zyz", 2)] == ["Zyzzb", "Zyzza"]


def test_a_file_keeps_what_was_learned(pupil, tmp_path):
    pupil.learn("Zyzzy Zyzzy 漢字")
    pupil.save(tmp_path / "m.safetensors")
    loaded = elman.load(tmp_path / "m.safetensors")
    assert loaded.learned_ == pupil.learned_ == {"Zyzzy": 2, "漢": 1, "字": 1}
    for text in ("Zyz", "The dog ", ""):
        assert loaded.suggest(text) == pupil.suggest(text)


@pytest.mark.parametrize("prior", ["mat", "garden mat mat river", "Zyzzy king's a a a"])
@pytest.mark.parametrize("text", ["The dog ", "The dog sat on the ", "The dog sat on the ga"])
def test_what_was_taught_is_mixed_with_what_the_model_believes(words, prior, text):
    """Nine tenths the model's share of each word, a tenth the word's share of all prior."""
    plain = dict(words.suggest(text, 1000))
    try:
        words.learn(prior)
        typed = text.rpartition(" ")[2]
        names = {*plain, *(word for word in prior.split() if word.startswith(typed))}
        mixed = {
            word: 0.9 * plain.get(word, 0) + 0.1 * prior.split().count(word) / len(prior.split())
            for word in names
        }
        best = sorted(mixed, key=lambda word: (-mixed[word], word))[:3]
        result = words.suggest(text)
        assert [word for word, _ in result] == best
        assert [share for _, share in result] == pytest.approx([mixed[word] for word in best])
    finally:
        words.forget()


def test_a_used_model_can_be_pickled_and_copied(model, tmp_path):
    text = "The old king sa"
    expected = model.suggest(text), "".join(model.generate(text, length=20, seed=1))
    joblib.dump(model, tmp_path / "model")
    for again in (
        pickle.loads(pickle.dumps(model)),
        copy.deepcopy(model),
        joblib.load(tmp_path / "model"),
    ):
        assert again.suggest(text) == expected[0]
        assert "".join(again.generate(text, length=20, seed=1)) == expected[1]
