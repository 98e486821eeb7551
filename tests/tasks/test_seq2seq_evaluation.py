"""A report of what was written: each score, its interval against a loop, and every warning."""

from __future__ import annotations

import json

import numpy as np
import pytest
from checks import assert_intervals
from sacrebleu import corpus_bleu, corpus_chrf

from elman.errors import EmptyTextError
from elman.tasks.seq2seq.baseline import NearestSource, NearestVector
from elman.tasks.seq2seq.evaluation import evaluate_seq2seq, reported, tokens_of

NOUNS = {"chat": "cat", "chien": "dog", "cheval": "horse", "oiseau": "bird", "renard": "fox"}
VERBS = {"mange": "eats", "regarde": "watches", "cherche": "is looking for", "aime": "loves"}


def sentences(count, seed):
    generator = np.random.default_rng(seed)
    drawn = [
        [str(generator.choice(list(words))) for words in (NOUNS, VERBS, NOUNS)]
        for _ in range(count)
    ]
    french = [f"Le {a} {b} {c}-là {n}." for n, (a, b, c) in enumerate(drawn, start=1000 * seed)]
    english = [f"The {NOUNS[a]} {VERBS[b]} that {NOUNS[c]}." for a, b, c in drawn]
    return french, english


def spoiled(targets, share, seed=0):
    """A share of the targets is replaced by those of other rows."""
    generator = np.random.default_rng(seed)
    return [
        str(generator.choice(targets)) if generator.random() < share else target
        for target in targets
    ]


@pytest.fixture(scope="module")
def report():
    baseline = NearestSource().fit(*sentences(40, 1))
    sources, targets = sentences(60, 2)
    answers = spoiled(targets, 0.3)
    others = answers[::-1]
    result = evaluate_seq2seq(
        sources, targets, answers, baseline, others, [*sources[:3], "x"], warnings=["a warning"]
    )
    return targets, answers, baseline.answers(sources), others, result


def test_scores_are_sacrebleus(report):
    targets, answers, theirs, others, result = report
    assert set(result.scores) == {"bleu", "chrf", "exact_match"}
    for scores, written in ((result.scores, answers), (result.baseline, theirs)):
        assert scores["bleu"] == corpus_bleu(written, [targets]).score
        assert scores["chrf"] == corpus_chrf(written, [targets]).score
        assert scores["exact_match"] == np.mean(np.array(written) == np.array(targets))
    assert result.baseline["name"] == "nearest source"
    assert result.details["shuffled_bleu"] == corpus_bleu(others, [targets]).score
    assert result.details["shuffled_chrf"] == corpus_chrf(others, [targets]).score
    assert result.details["signatures"]["bleu"].startswith("nrefs:1|case:mixed|")
    assert result.details["length_ratio"] == len("".join(answers)) / len("".join(targets))
    as_json = json.loads(json.dumps(result.to_json()))
    assert (as_json["task"], as_json["examples"]) == ("translate", 60)
    assert as_json["warnings"][0] == "a warning"
    assert as_json["details"]["known_sources"] == 3


def test_intervals_are_those_of_redrawn_rows(report):
    targets, answers, theirs, _, result = report
    columns = np.array([targets, answers, theirs])
    generator = np.random.default_rng(1)
    drawn = {"bleu": [], "chrf": [], "exact_match": []}
    for _ in range(80):
        gold, ours, other = columns[:, generator.integers(0, len(targets), len(targets))].tolist()
        for name, score in (("bleu", corpus_bleu), ("chrf", corpus_chrf)):
            drawn[name].append(score(ours, [gold]).score - score(other, [gold]).score)
        hits = [np.mean(np.array(side) == np.array(gold)) for side in (ours, other)]
        drawn["exact_match"].append(hits[0] - hits[1])
    assert_intervals(result.interval, drawn, tolerance=1 / 4)


def test_pronunciations_count_words_once_and_take_any_that_is_listed():
    sources = ["read", "lead", "read", "lathe", "bow"]
    targets = ["R EH D", "L EH D", "R IY D", "L EY DH", "B AW"]
    answers = ["R IY D", "L IY D", "R IY D", "L EY DH", "B OW T"]
    result = evaluate_seq2seq(sources, targets, answers, NearestSource().fit(sources, targets))
    assert result.scores["exact_match"] == 2 / 5
    assert result.scores["word_error_rate"] == 2 / 4
    assert result.scores["token_error_rate"] == pytest.approx(3 / 11)
    assert result.details["tokens"] == "token"
    assert result.details["distinct_sources"] == 4
    assert "bleu" not in result.scores, "no target has four tokens"
    assert set(result.interval) == set(result.scores)
    assert result.interval["word_error_rate"][1] > 0


def test_a_model_that_describes():
    vectors = np.eye(3, dtype=np.float32)
    names = ["one", "seven", "three"]
    baseline = NearestVector().fit(vectors[:2], names[:2])
    result = evaluate_seq2seq(vectors, names, ["one", "sevn", "three"], baseline)
    assert result.task == "describe"
    assert result.scores["token_error_rate"] == pytest.approx(1 / 13)
    assert result.baseline["word_error_rate"] == pytest.approx(1 / 3)
    assert evaluate_seq2seq(None, names, names).scores["word_error_rate"] == 0


@pytest.mark.parametrize(
    ("targets", "tokens"),
    [
        (["K AO R S", "AA K AH N", "EY"], "token"),
        (["seven", "forty-two", "one"], "character"),
        (["French (Canada)", "3:05 PM"], None),
        (["one", "two", "six"], "character"),
        (["", ""], "character"),
        (["Ein Mann mit einem Hut sieht etwas an."] * 2, None),
        (["I am at it and so is he or so we say"] * 2, None),
        (["昨日は雨が降っていたので、私は家で本を読んでいました。"], None),
    ],
)
def test_what_edits_are_counted_in(targets, tokens):
    assert tokens_of(targets) == tokens


def warnings_on(answers=None, **given):
    sources, targets = sentences(100, 3)
    result = evaluate_seq2seq(sources, targets, answers or targets, **given)
    return result.warnings


def test_a_sound_model_is_not_warned_of():
    _, targets = sentences(100, 3)
    assert warnings_on(shuffled=targets[::-1], known_sources=["Le chat."]) == ()
    few = [f"{text} ha ha ha ha" if n < 2 else text for n, text in enumerate(targets)]
    assert warnings_on(few) == ()


def test_a_model_that_ignores_its_source():
    _, targets = sentences(100, 3)
    (warning,) = warnings_on([targets[0]] * 100, shuffled=[targets[0]] * 100)
    assert "with the sources shuffled chrF is" in warning


@pytest.mark.parametrize("change", [lambda text: text[:12], lambda text: text + text[:20]])
def test_answers_of_another_length(change):
    _, targets = sentences(100, 3)
    (warning,) = warnings_on([change(text) for text in targets])
    assert "% as long as their targets" in warning


def test_answers_that_repeat_themselves():
    _, targets = sentences(100, 3)
    looping = ["the the the the" if n < 3 else text for n, text in enumerate(targets)]
    assert warnings_on(looping) == ("3 of 100 answers repeat themselves four times on end or more",)
    # What is to be written may say so itself.
    result = evaluate_seq2seq(["a"], ["no no no no no"], ["no no no no no"])
    assert result.details["repetition_loops"] == 0


def test_sources_that_stand_in_training():
    sources, _ = sentences(100, 3)
    (warning,) = warnings_on(known_sources=sources[:7])
    assert warning.startswith("7 of 100 sources stand in the training data too")


def test_another_number_of_rows_or_none():
    for sources, targets, answers in ((["a"], ["b"] * 2, ["b"] * 2), (["a"] * 2, ["b"], ["b"] * 2)):
        with pytest.raises(ValueError, match="targets or references"):
            evaluate_seq2seq(sources, targets, answers)
    with pytest.raises(ValueError, match="targets or references"):
        evaluate_seq2seq(["a"], ["b"], ["b"], shuffled=[])
    with pytest.raises(EmptyTextError):
        evaluate_seq2seq([], [], [])


@pytest.mark.parametrize(("read", "expected"), [(0, 200), (250_000, 500), (10**6, 1000)])
def test_the_report_takes_a_fraction_of_what_was_read(read, expected):
    record = {"pairs": 1000, "source_tokens": 6000, "target_tokens": 4000, "tokens_read": read}
    rows = reported(range(1000), record)
    assert len(rows) == expected
    assert rows[0] == 0
    assert len(set(np.diff(rows))) == 1, "they are spread evenly"


def test_few_rows_are_reported_whole():
    record = {"descriptions": 5, "source_tokens": 5, "target_tokens": 5, "tokens_read": 9}
    assert reported(["a", "b", "c"], record) == ["a", "b", "c"]
