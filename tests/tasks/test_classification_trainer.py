"""How a classifier learns: the order of words, the tokenizer, one run whatever interrupts it."""

from __future__ import annotations

import random

import pytest
import torch
from reviews import LABELS, LINES, TEXTS, same_weights, small

import elman
from elman.bundle import write_bundle
from elman.data.cache import Cache
from elman.data.example_cache import cached_examples
from elman.errors import InputError, NotFittedError, ResumeError
from elman.tasks.classification.trainer import LABELS as LEARNING
from elman.tasks.classification.trainer import PRETRAINING
from elman.tasks.tokenization import ENCODER_TOKENIZERS
from elman.text.subword_hashing import words_of
from elman.training.events import Finished, Progress

pytestmark = pytest.mark.usefixtures("exact_products")


@pytest.fixture(scope="module")
def usual():
    return small().fit(TEXTS, LABELS)


def in_order(count, seed):
    """Which of two colours comes first, among other words: no count of words can tell."""
    draw = random.Random(seed)
    texts, labels = [], []
    for _ in range(count):
        words = draw.choices("uvwxyz", k=6)
        first, second = sorted(draw.sample(range(7), 2))
        colours = draw.sample(["red", "blue"], 2)
        words.insert(first, colours[0])
        words.insert(second + 1, colours[1])
        texts.append(" ".join(words))
        labels.append(colours[0])
    return texts, labels


# Learning


@pytest.mark.parametrize("tokenizer", ["word", "character"])
def test_it_learns_the_order_of_words(tokenizer):
    model = elman.Classifier(tokenizer=tokenizer, hidden_size=16, steps=120, dropout=0.0)
    assert model.fit(*in_order(400, 0)) is model
    texts, labels = in_order(200, 1)
    assert model.score(texts, labels) > 0.95
    bags = [" ".join(sorted(words_of(text))) for text in texts]
    assert model.score(bags, labels) < 0.7


def spelled(draw, label):
    """The label is in two letters in the middle of a word too long to be looked at whole."""
    letters = "".join(draw.choices("abcdefgh", k=40))
    return f"{letters[:20]}{'qz' if label else 'zq'}{letters[20:]}"


def worded(draw, label):
    """The label is in which words there are, of letters that are all alike."""
    fixed = random.Random(5)
    words = ["".join(fixed.choices("abcd", k=6)) for _ in range(60)]
    return " ".join(
        draw.choice(words[label::2] if draw.random() < 0.7 else words) for _ in "123456"
    )


@pytest.mark.parametrize(
    ("made", "tokenizers"), [(spelled, {"character", "subword"}), (worded, {"word"})]
)
def test_auto_takes_the_tokenizer_that_suits(made, tokenizers):
    draw = random.Random(0)
    labels = [number % 2 for number in range(400)]
    texts = [made(draw, label) for label in labels]
    model = elman.Classifier(hidden_size=16, steps=500)
    phases = []
    events = model.training(texts, labels)
    for event in events:
        if isinstance(event, Progress):
            phases.append((event.phase, event.done))
            if event.phase == LEARNING:
                break
    events.close()
    assert model.tokenizer_.name in tokenizers
    assert {phase for phase, _ in phases[:-1]} == {f"trying {name}s" for name in ENCODER_TOKENIZERS}
    done = [share for _, share in phases]
    assert done == sorted(done)
    assert done[-1] == pytest.approx(0.12, abs=0.01)


def test_training_reports_one_budget():
    events = list(small(tokenizer="auto", steps=50).training(TEXTS, LABELS, unlabelled=LINES))
    steps = [event for event in events if isinstance(event, Progress)]
    done = [event.done for event in steps]
    assert done == sorted(done)
    assert done[-1] == pytest.approx(1.0)
    assert [isinstance(event, Finished) for event in events].count(True) == 1
    first = next(event.done for event in steps if event.phase == LEARNING)
    assert first == pytest.approx(0.12 + 0.88 * 0.75, abs=0.05)


@pytest.mark.parametrize("tokenizer", ENCODER_TOKENIZERS)
def test_unlabelled_text_is_read_first(tokenizer):
    phases, models = [], []
    for unlabelled in ([], LINES, [line.upper() for line in LINES]):
        model = small(tokenizer=tokenizer, steps=20)
        events = list(model.training(TEXTS, LABELS, unlabelled=unlabelled))
        phases.append([event.phase for event in events if isinstance(event, Progress)])
        models.append(model)
        assert model.record_["unlabelled_texts"] == len(unlabelled)
    assert phases[0] == [LEARNING] * 20
    assert phases[1] == [PRETRAINING] * 15 + [LEARNING] * 5
    assert not same_weights(models[1], models[2])
    if tokenizer == "word":
        assert models[1].tokenizer_.id_of("film") > 0
        assert models[0].tokenizer_.id_of("film") == 0


def test_training_is_the_same_every_time_whatever_was_drawn_before():
    result = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        before = torch.random.get_rng_state()
        result.append(small(steps=20).fit(TEXTS, LABELS, unlabelled=LINES))
        assert torch.equal(torch.random.get_rng_state(), before)
    assert same_weights(*result)


def test_without_texts_to_choose_by_a_tenth_is_held_out(usual):
    assert usual.record_["valid_texts"] == 2 + 2 + 1  # of 24 good, 24 bad and 12 others
    assert usual.record_["texts"] == 60 - 5
    model = small().fit(TEXTS, LABELS, valid=(TEXTS[:7], LABELS[:7]))
    assert (model.record_["texts"], model.record_["valid_texts"]) == (60, 7)


def test_what_was_learned_from_is_kept_for_a_baseline(tmp_path):
    cache = Cache(tmp_path / "cache")
    model = small()
    list(model.training(TEXTS, LABELS, valid=(TEXTS[:7], LABELS[:7]), cache=cache))
    rows = [list(row) for row in zip(TEXTS, LABELS, strict=True)]
    assert cached_examples(cache, model.record_["content"]) == rows
    assert cached_examples(cache, model.record_["valid"]) == rows[:7]


def test_a_second_fit_begins_anew_and_a_failed_one_leaves_what_was_learned(usual):
    model = small(seed=3).fit(TEXTS[:40], LABELS[:40])
    model.set_params(seed=0).fit(TEXTS, LABELS)
    assert same_weights(model, usual)
    with pytest.raises(InputError):
        model.fit(TEXTS, ["one"] * 60)
    assert same_weights(model, usual)


def test_an_interrupt_leaves_the_model_as_good_as_it_was(monkeypatch):
    training = elman.Classifier.training
    asked = iter(range(100))
    monkeypatch.setattr(
        elman.Classifier,
        "training",
        lambda *given, **named: training(*given, **named, stop=lambda: next(asked) == 3),
    )
    model = small()
    with pytest.raises(KeyboardInterrupt):
        model.fit(TEXTS, LABELS)
    assert model.record_["steps"] == 3
    assert model.predict(TEXTS[:2]).shape == (2,)


# Going on


def stopped_after(model, path, asks, **options):
    asked = iter(range(10_000))
    events = model.training(
        TEXTS, LABELS, checkpoint=path, stop=lambda: next(asked) == asks, **options
    )
    return [event for event in events if isinstance(event, Finished)][-1]


@pytest.mark.parametrize("asks", [52, 63, 115], ids=["language", "labels", "later"])
def test_an_interrupted_run_goes_on_to_the_same_end(tmp_path, asks):
    path = tmp_path / "checkpoint"
    options = {"unlabelled": LINES, "valid": (TEXTS[:9], LABELS[:9])}
    whole = small(steps=100 if asks < 100 else 150)
    list(whole.training(TEXTS, LABELS, **options))
    model = elman.Classifier(**whole.get_params())
    assert stopped_after(model, path, asks, **options).interrupted
    for change, named in (
        ({"unlabelled": [*LINES[:-1], "another"]}, "unlabelled"),
        ({"valid": (TEXTS[:8], LABELS[:8])}, "valid"),
    ):
        with pytest.raises(ResumeError) as caught:
            list(model.training(TEXTS, LABELS, checkpoint=path, **{**options, **change}))
        assert caught.value.cause.endswith(f"differs in {named}")
    assert not stopped_after(model, path, 9999, **options).interrupted
    assert same_weights(model, whole)
    assert model.calibration_ == whole.calibration_
    assert not path.exists()


def test_a_run_that_goes_on_does_not_choose_its_tokenizer_anew(tmp_path):
    path = tmp_path / "checkpoint"
    whole = small(tokenizer="auto", steps=80).fit(TEXTS, LABELS)
    model = small(tokenizer="auto", steps=80)
    assert stopped_after(model, path, 9 + 52).interrupted  # after three trials of 3 steps each
    chosen = model.tokenizer_.name
    again = small(tokenizer="auto", steps=80)
    events = list(again.training(TEXTS, LABELS, checkpoint=path))
    assert {event.phase for event in events if isinstance(event, Progress)} == {LEARNING}
    assert (chosen, again.tokenizer_.name) == (whole.tokenizer_.name,) * 2
    assert same_weights(again, whole)


@pytest.mark.parametrize("chosen", ["letter", ["word"], None])
def test_a_tokenizer_that_no_run_has_chosen_is_another_runs(tmp_path, chosen):
    path = tmp_path / "checkpoint"
    write_bundle(path, {"task": "checkpoint", "identity": {"chosen": chosen}}, {})
    with pytest.raises(ResumeError):
        list(small(tokenizer="auto", steps=25).training(TEXTS, LABELS, checkpoint=path))


def test_a_stop_while_tokenizers_are_tried_is_an_interrupt():
    model = small(tokenizer="auto", steps=200)
    asked = iter(range(100))
    with pytest.raises(KeyboardInterrupt):
        list(model.training(TEXTS, LABELS, stop=lambda: next(asked) == 10))
    with pytest.raises(NotFittedError):
        model.predict(TEXTS)


@pytest.mark.parametrize(
    ("texts", "tokenizer"),
    [(["smith", "müller", "rossi"] * 20, "character"), (["it is so", "it is not"] * 30, "word")],
)
def test_trials_that_learn_nothing_do_not_choose(texts, tokenizer):
    """One step each: the kind of text decides."""
    model = small(tokenizer="auto", steps=5).fit(texts, ["a", "b"] * 30)
    assert model.tokenizer_.name == tokenizer


def test_long_texts_are_not_tried_as_characters():
    texts = [" ".join([word] * 80) for word in ("warm", "cold")] * 20
    events = list(small(tokenizer="auto", steps=50).training(texts, ["a", "b"] * 20))
    phases = {event.phase for event in events if isinstance(event, Progress)}
    assert phases == {"trying words", "trying subwords", LEARNING}


@pytest.mark.parametrize(("minutes", "least", "most"), [(0.001, 1, 1), (5, 3, 3)])
def test_an_ensemble_takes_time(minutes, least, most):
    model = elman.Classifier(tokenizer="word", hidden_size=8, minutes=minutes)
    events = model.training(TEXTS, LABELS)
    next(events)
    events.close()
    assert least <= len(model.network_.members) <= most
