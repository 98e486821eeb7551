"""Translator: it learns a toy, by scikit-learn's habits; every text goes in, text comes out."""

from __future__ import annotations

import dataclasses
import time

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from reviews import same_weights
from sklearn.base import clone

import elman
from elman.data.cache import Cache
from elman.errors import InputError, NotFittedError, SettingError
from elman.tasks.inputs import held_out
from elman.tasks.seq2seq.generation import GeneratedText, LengthLimit
from elman.tasks.seq2seq.text_codec import TextCodec
from elman.tasks.translation.inputs import TextPairs, pair_source, split
from elman.text.pairs import PairSource
from elman.training import trainer
from elman.training.dataset import TokenDataset
from elman.training.events import Finished
from seq2seq_models import PAIRS, WORDS, learned_toy, rewritten, small, some_words

NEW = some_words(100, seed=1)
texts = st.text(st.characters(codec="utf-8"), max_size=15)


@pytest.fixture(scope="module")
def toy():
    return learned_toy()


@pytest.fixture(scope="module")
def quick():
    """Of little learning: what holds of any model is asked of it."""
    return small().fit(*PAIRS)


@pytest.fixture(scope="module")
def spoken():
    """Spellings to phonemes, as they stand in a pronouncing dictionary."""
    phonemes = {"corps": "K AO R", "cores": "K AO R Z", "but": "B AH T", "cats": "K AE T S"}
    return small(steps=2).fit(list(phonemes) * 300, list(phonemes.values()) * 300)


# Learning


def test_it_learns_the_toy(toy):
    wanted = [rewritten(word) for word in NEW]
    for beam in (1, 5):
        result = toy.predict(NEW, beam=beam)
        assert np.mean([a == b for a, b in zip(result, wanted, strict=True)]) > 0.85
    assert 0.85 < toy.score(NEW, wanted) <= 1
    assert toy.score(NEW, NEW) < 0.3


def test_attention_is_on_the_source_of_the_token(toy):
    """The first token of a target attends further to the left than its last."""
    ((best, *_),) = toy.predict_best(["abd"], attention=True)
    assert best.text == "ABD"
    assert best.source == ["a", "b", "d", ""]
    assert best.pieces == ["A", "B", "D", ""]
    shares = np.array(best.attention)
    assert shares.shape == (4, 4)
    assert shares.sum(1) == pytest.approx(np.ones(4), abs=1e-4)
    assert shares[0].argmax() < shares[2].argmax()


@pytest.mark.parametrize("changes", [{"cell": "lstm"}, {"attention": "additive"}], ids=str)
def test_one_seed_and_one_number_of_steps_make_the_same_weights(changes):
    torch.manual_seed(123)  # of no concern to it
    first = small(**changes).fit(*PAIRS)
    torch.manual_seed(7)
    assert same_weights(first, small(**changes).fit(*PAIRS))
    assert not same_weights(first, small(**changes, seed=1).fit(*PAIRS))


def test_files_and_lists_are_learned_from_alike(tmp_path, quick):
    paths = tmp_path / "s.txt", tmp_path / "t.txt"
    for path, lines in zip(paths, PAIRS, strict=True):
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    table = tmp_path / "pairs.tsv"
    rows = "".join(f"{source}\t{target}\n" for source, target in zip(*PAIRS, strict=True))
    table.write_text(f"source\ttarget\n{rows}", encoding="utf-8")
    for given_as in (paths, (table,), (PairSource.from_pairs(*PAIRS),)):
        assert same_weights(quick, small().fit(*given_as))


def test_others_can_be_held_out_by_hand():
    learned, held = split(TextPairs(*PAIRS), seed=0)
    apart = small().fit(learned.sources, learned.targets, valid=(held.sources, held.targets))
    assert same_weights(apart, small().fit(*PAIRS))
    assert apart.record_["pairs"] == len(learned.sources)


def test_an_interrupted_run_goes_on_to_the_same_weights(tmp_path):
    few = [texts[:60] for texts in PAIRS]
    path, asked = tmp_path / "run", iter(range(60))
    whole = small(steps=54).fit(*few)
    stopped = list(small(steps=54).training(*few, checkpoint=path, stop=lambda: next(asked) == 52))
    assert stopped[-1].interrupted
    model = small(steps=54)
    *_, end = model.training(*few, checkpoint=path)
    assert isinstance(end, Finished)
    assert same_weights(model, whole)


def test_what_it_learned_from_is_known_again(tmp_path, quick):
    cache = Cache(tmp_path / "cache")
    assert quick.keep_training(PairSource.from_pairs(*PAIRS), cache=cache)
    assert not quick.keep_training(PairSource.from_pairs(["a", "b"], ["A", "B"]), cache=cache)


@settings(max_examples=30, deadline=None)
@given(groups=st.lists(st.integers(0, 30), min_size=2, max_size=200), seed=st.integers(0, 9))
def test_equal_sources_are_held_out_together(groups, seed):
    distinct = len(set(groups))
    if distinct < 2:
        with pytest.raises(InputError, match="one source only"):
            held_out(groups, seed)
        return
    held = held_out(groups, seed)
    apart = {group for group, its in zip(groups, held, strict=True) if its}
    assert len(apart) == max(1, round(0.1 * distinct))
    assert all(its == (group in apart) for group, its in zip(groups, held, strict=True))


# scikit-learn's habits


def test_settings_come_back_and_a_clone_learns_the_same(quick):
    assert small(layers=3).get_params()["layers"] == 3
    again = clone(quick)
    assert again.get_params() == quick.get_params()
    with pytest.raises(NotFittedError):
        again.predict(["a"])
    assert same_weights(again.fit(*PAIRS), quick)
    assert repr(quick) == "Translator(hidden_size=8, layers=1, steps=6)"
    assert again.set_params(cell="gru").cell == "gru"


@pytest.mark.parametrize(
    "change",
    [{"tokenizer": "word"}, {"tokenizer": None}, {"attention": "soft"}, {"order": "vector"},
     {"layers": 0}, {"order": "sideways"}, {"cell": "transformer"}, {"dropout": 1.0}, {"steps": 0}],
    ids=str,
)  # fmt: skip
def test_a_setting_out_of_range_is_named_before_anything_is_read(change):
    with pytest.raises(SettingError) as caught:
        small(**change).fit(["no file"], None)
    assert caught.value.location == next(iter(change))


# Tokenizers


@pytest.mark.parametrize(
    ("pairs", "tokenizers", "shared"),
    [
        (PAIRS, ["character", "character"], True),
        ((["a b", "b c d"] * 9, ["B A", "D C B"] * 9), ["subword", "subword"], True),
        ((["a b", "b c d"] * 9, ["BA", "DCB"] * 9), ["subword", "character"], False),
        ((["今日は", "世界"] * 9, ["so be it", "a world"] * 9), ["character", "subword"], False),
    ],
)  # fmt: skip
def test_tokenizers_suit_the_texts(pairs, tokenizers, shared):
    model = small(steps=1).fit(*pairs)
    assert model.describe()["tokenizers"] == tokenizers
    assert (model.source_ is model.target_) == shared
    assert (model.network_.config.source == 0) == shared


def test_a_phoneme_is_one_token(spoken):
    assert spoken.describe()["tokenizers"] == ["character", "subword"]
    tokens = spoken.target_.encode("K AO R Z")
    assert spoken.target_.pieces(tokens) == [" K", " AO", " R", " Z", ""]


@pytest.mark.parametrize("tokenizer", ["character", "subword"])
def test_a_tokenizer_that_was_asked_for_is_taken(tokenizer):
    model = small(steps=1, tokenizer=tokenizer).fit(*PAIRS)
    assert model.describe()["tokenizers"] == [tokenizer, tokenizer]


# Any text in, and text out


@pytest.mark.parametrize("name", ["quick", "spoken"])
@settings(max_examples=12, deadline=None)
@given(sources=st.lists(texts, max_size=3))
def test_any_text_goes_in_and_nothing_unknown_comes_out(name, request, sources):
    model = request.getfixturevalue(name)
    result = model.predict_best(sources, count=2, beam=2, attention=True)
    assert len(result) == len(sources)
    for source, best in zip(sources, result, strict=True):
        assert bool(best) == bool(source.strip())
        for each in best:
            assert "\ufffd" not in each.text + "".join(each.pieces)
            assert "".join(each.pieces).strip() == each.text == each.text.strip()
            assert len(each.pieces) == len(each.probabilities) == len(each.attention)
            assert all(len(row) == len(each.source) for row in each.attention)
            assert all(0 <= probability <= 1 for probability in each.probabilities)
            assert "".join(each.source).strip() == source.strip().replace("\ufffd", "").strip()
            assert each.probability == pytest.approx(np.prod(each.probabilities), rel=1e-3)
    assert model.predict(sources, beam=2) == [best[0].text if best else "" for best in result]


def test_blank_sources_have_no_targets(quick):
    assert quick.predict(["", " \n", "\u3000"]) == ["", "", ""]
    assert quick.predict([]) == []
    assert quick.predict_best(["", "ab"])[0] == []


def test_lone_surrogates_and_spaces_around_do_no_harm(quick):
    assert quick.predict(["a\ud800b"]) == quick.predict(["a\ufffdb"])
    assert quick.predict(["  ab\n"]) == quick.predict(["ab"])


def test_sources_side_by_side_have_the_targets_of_each_alone(toy):
    sources = ["abcd", "a", "", "dcba" * 5, "bb"]
    together = toy.predict(sources)
    assert together == [toy.predict([source])[0] for source in sources]


def test_answers_are_ranked_and_differ(toy):
    for best in toy.predict_best(NEW[:20], count=4):
        scores = [each.score for each in best]
        assert len(best) <= 4
        assert scores == sorted(scores, reverse=True)
    assert len(toy.predict_best(["abd"], count=7, beam=2)[0]) == 7, "the beam is as wide"


def test_without_attention_there_is_none_to_tell():
    model = small(steps=1, attention="none").fit(*PAIRS)
    ((best, *_),) = model.predict_best(["abc"], attention=True)
    assert best.attention is None


@pytest.mark.parametrize("sources", ["one text", 3, None, [1], ["a", None], [b"a"]])
def test_what_is_no_list_of_texts_is_refused(quick, sources):
    with pytest.raises(InputError) as caught:
        quick.predict(sources)
    assert caught.value.location == "sources"


def test_a_source_that_is_too_long_is_refused(quick):
    with pytest.raises(InputError) as caught:
        quick.predict(["a", "b" * 10_001])
    assert str(caught.value).startswith("sources: number 2 has 10,001 characters")
    with pytest.raises(InputError, match="10,001 characters"):
        small().fit(["a", "b" * 10_001], ["A", "B"])


@pytest.mark.parametrize("change", [{"count": 0}, {"count": 101}, {"beam": 0}, {"beam": 101}])
def test_a_count_or_a_beam_out_of_range_is_refused(quick, change):
    with pytest.raises(SettingError):
        quick.predict_best(["a"], **change)


@pytest.mark.parametrize(
    ("given_as", "named"),
    [
        ((["a", "b"], ["A"]), "2 sources, but 1 targets"),
        ((["a", "b"], None), "the same form"),
        ((["a", " "], ["A", "B"]), "source"),
        ((["a", "b"], ["A", ""]), "target"),
        ((["a", "a"], ["A", "B"]), "one source only"),
        (("ab", "AB"), "a single text"),
        (([], []), ""),
    ],
)
def test_pairs_that_are_none_are_refused(given_as, named):
    with pytest.raises(InputError) as caught:
        small().fit(*given_as)
    assert named in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.hint


def test_a_file_does_not_go_with_a_list(tmp_path):
    path, source = tmp_path / "a", PairSource.from_pairs(["a"], ["b"])
    for given_as in ((path, ["A"]), (["a"], path), (source, ["A"]), (["a"], 3), (3, ["a"])):
        with pytest.raises(InputError, match="the same form"):
            pair_source(*given_as)


# Limits


def rows(lengths):
    return TokenDataset([np.zeros(length, dtype=np.int64) for length in lengths])


@given(
    lengths=st.lists(st.tuples(st.integers(1, 50), st.integers(1, 50)), min_size=1, max_size=999)
)
def test_nearly_all_targets_of_training_are_within_the_limit(lengths):
    sources, targets = (rows(its) for its in zip(*lengths, strict=True))
    limit = LengthLimit.learn(sources, targets)
    within = targets.lengths <= limit.of(sources.lengths)
    assert within.mean() >= 0.998
    assert limit.slope >= 0
    assert limit.room >= 5


def test_a_target_grows_with_its_source():
    assert LengthLimit.learn(rows([2, 4, 8]), rows([4, 8, 16])) == (2.0, 5.0)
    assert LengthLimit.learn(rows([3, 3]), rows([4, 8])).slope == 0, "where sources are all as long"
    assert LengthLimit(2.0, 5.5).of(np.array([1, 10])).tolist() == [8, 26]


def test_no_target_is_longer_than_its_limit(quick):
    sources = ["a" * length for length in (1, 7, 30)]
    limits = quick.limit_.of(quick.source_.examples(sources).lengths)
    for best, limit in zip(quick.predict_best(sources), limits, strict=True):
        assert all(len(each.probabilities) <= limit for each in best)


# Words


def rewrite(pieces, probabilities):
    return GeneratedText("".join(pieces).strip(), 0.0, 0.0, pieces, probabilities)


@pytest.mark.parametrize(
    ("pieces", "words"),
    [
        ([" the", " cat", "s", ""], [("the", 0.5), ("cats", 0.25)]),
        (["a", "b", " ", "c", ""], [("ab", 0.25), ("c", 0.5)]),
        (["", "é", "t", " x", ""], [("ét", 0.125), ("x", 0.5)]),
        ([" a", "", "é", ""], [("aé", 0.125)]),
        ([" ", " ", "a"], [("a", 0.5)]),
        ([""], []),
    ],
)
def test_a_words_probability_is_that_of_all_its_tokens(pieces, words):
    assert rewrite(pieces, [0.5] * len(pieces)).words == words


def test_words_are_those_of_the_text(toy):
    best = toy.predict_best(["abd"])[0][0]
    assert best.words == [(best.text, pytest.approx(best.probability / best.probabilities[-1]))]


def test_a_model_describes_itself(quick):
    about = quick.describe()
    assert about["task"] == "translate"
    assert about["parameters"] == sum(p.numel() for p in quick.network_.parameters())
    assert about["training"]["pairs"] == len(split(TextPairs(*PAIRS), 0)[0].sources)
    assert about["network"] == dataclasses.asdict(quick.network_.config)
    assert elman.Translator is type(quick)
    assert len(WORDS) == len(PAIRS[1])


def test_a_number_may_have_many_zeros():
    """What would be a loop among words is none among letters."""
    pairs = ["a", "b"] * 40, ["100000", "7"] * 40
    model = elman.Translator(tokenizer="character", hidden_size=32, layers=1, steps=60)
    assert model.fit(*pairs, valid=pairs).predict(["a", "b"]) == ["100000", "7"]


def test_all_before_the_training_and_the_scoring_are_part_of_the_minutes(monkeypatch):
    learn, plans = TextCodec.learn, []

    def slowly(*arguments):
        time.sleep(0.5)
        return learn(*arguments)

    monkeypatch.setattr(TextCodec, "learn", slowly)
    monkeypatch.setattr(trainer, "train", lambda _, plan, **__: plans.append(plan) or iter(()))
    list(small(steps=None, minutes=1.0).training(*PAIRS, scoring=0.1))
    assert 30 <= 60 * plans[0].minutes <= 53.5
