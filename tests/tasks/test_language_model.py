"""LanguageModel: scikit-learn's habits, texts in every form, files that give the same bits."""

from __future__ import annotations

import inspect
import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from checks import OUT_OF_RANGE
from sklearn.base import clone

import elman
from elman.cells import CELLS
from elman.data.cache import Cache
from elman.errors import (
    ElmanError,
    EmptyTextError,
    InputError,
    NotFittedError,
    SettingError,
)
from elman.nn.config import COMPONENTS
from elman.tasks.language_modeling.config import recipe_of
from elman.text.files import TextSource
from elman.text.tokenizers.table import TOKENIZERS
from elman.text.tokenizers.tokenizer import BOUNDARY
from elman.training.events import Finished, Progress
from model_files import altered, assert_refused, header_of, setting

SMALL = {"hidden_size": 8, "layers": 1, "steps": 2}
PROSE = "The cat sat on the mat, and the dog looked at the river.\n" * 20


def weights(model):
    return {name: part.detach().clone() for name, part in model.network_.named_parameters()}


def same_weights(left, right):
    left, right = weights(left), weights(right)
    return left.keys() == right.keys() and all(
        left[name].shape == right[name].shape and torch.equal(left[name], right[name])
        for name in left
    )


def small(**settings):
    return elman.LanguageModel(**{**SMALL, **settings})


# scikit-learn's habits


def test_there_are_twelve_settings_at_most():
    names = list(inspect.signature(elman.LanguageModel).parameters)
    assert names == list(elman.LanguageModel().get_params())
    assert len(names) <= 12


def test_a_clone_has_the_settings_and_nothing_learned(usual):
    copy = clone(usual)
    assert copy.get_params() == usual.get_params()
    assert type(copy) is elman.LanguageModel
    with pytest.raises(NotFittedError):
        copy.suggest("the")


def test_settings_are_kept_as_they_were_given_and_checked_when_training_begins():
    parts = ["norm"]
    model = elman.LanguageModel(hidden_size=-3, components=parts)
    assert model.get_params()["hidden_size"] == -3
    assert model.get_params()["components"] is parts
    with pytest.raises(SettingError, match="hidden-size"):
        model.fit(PROSE)


def test_set_params_changes_settings_by_name():
    model = elman.LanguageModel()
    assert model.set_params(hidden_size=7, seed=3) is model
    assert (model.hidden_size, model.seed) == (7, 3)
    with pytest.raises(SettingError) as caught:
        model.set_params(depth=2)
    assert caught.value.location == "depth"
    assert "layers" in str(caught.value)
    with pytest.raises(TypeError):
        elman.LanguageModel(depth=2)


def test_its_repr_names_the_settings_that_are_not_defaults():
    assert repr(elman.LanguageModel()) == "LanguageModel()"
    assert (
        repr(elman.LanguageModel(tokenizer="word", minutes=1.5, seed=0))
        == "LanguageModel(minutes=1.5, tokenizer='word')"
    )


def test_fit_returns_the_model():
    model = small()
    assert model.fit(PROSE) is model


@pytest.mark.parametrize(
    "ask",
    [
        lambda model: model.score(PROSE),
        lambda model: model.start(),
        lambda model: model.step("a", ()),
        lambda model: model.generate("a"),
        lambda model: model.generate_many("a", samples=2),
        lambda model: model.suggest("a"),
        lambda model: model.learn("a"),
        lambda model: model.forget(),
        lambda model: model.save("nowhere.safetensors"),
    ],
)
def test_before_fit_nothing_is_known(ask):
    with pytest.raises(NotFittedError, match=r"LanguageModel: .*fit"):
        ask(elman.LanguageModel())


CHANGES = {
    "tokenizer": "word",
    "cell": "gru",
    "hidden_size": 6,
    "layers": 2,
    "components": ("norm",),
    "dropout": 0.5,
    "learning_rate": 0.1,
    "minutes": 0.01,
    "steps": 3,
    "seed": 1,
    "counts": "off",
}


@pytest.fixture(scope="module")
def usual():
    return small().fit(PROSE)


@pytest.mark.parametrize("name", list(inspect.signature(elman.LanguageModel).parameters))
def test_every_setting_changes_something(usual, name):
    if name == "size":
        return  # see test_file_size.py
    if name == "minutes":  # only counts where there are no steps
        for minutes in (1, 2):
            model = elman.LanguageModel(minutes=minutes)
            assert recipe_of(model).plan_of(model).minutes == minutes
        return
    changed = small(**{name: CHANGES[name]}).fit(PROSE)
    if name == "counts":  # the network is the same, its answers are not
        assert changed.score(PROSE) != usual.score(PROSE)
        return
    assert not same_weights(changed, usual)


def test_the_seed_is_that_of_the_weights_and_of_training():
    """Either could be the seed's alone, and weights would still differ at the end."""
    models = [small(seed=seed) for seed in (0, 1)]
    plans = [recipe_of(model).plan_of(model) for model in models]
    assert [plan.seed for plan in plans] == [0, 1]
    still = [small(seed=seed, steps=1, learning_rate=1e-9).fit(PROSE) for seed in (0, 1)]
    first, second = (weights(model)["embedding.weight"] for model in still)
    assert (first - second).abs().mean() > 0.1


def test_nothing_else_does(usual):
    assert same_weights(small().fit(PROSE), usual)
    torch.manual_seed(99)
    assert same_weights(small(components=list(reversed(COMPONENTS))).fit(PROSE), usual)


def test_a_budget_of_minutes_is_kept():
    model = elman.LanguageModel(hidden_size=8, layers=1, minutes=0.02)
    finished = [event for event in model.training(PROSE) if isinstance(event, Finished)]
    assert len(finished) == 1
    assert 0.3 < finished[0].seconds < 5


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *OUT_OF_RANGE,
        ("components", "norm"),
        ("components", ["attention"]),
        ("learning_rate", 0),
    ],
)
def test_what_is_out_of_range_is_refused_before_anything_is_read(name, value):
    with pytest.raises(SettingError) as caught:
        elman.LanguageModel(**{name: value}).fit(Path("no-such-file"))
    assert caught.value.location == name.replace("_", "-")


# Texts in every form


def record_of(text, **options):
    return small().fit(text, **options).record_


def test_texts_in_every_form(tmp_path):
    """The same documents are the same text, whatever they come in."""
    halves = [PROSE[:570], PROSE[570:]]
    for name, half in zip(("a.txt", "b.txt"), halves, strict=True):
        (tmp_path / name).write_text(half)
    two = [
        halves,
        [tmp_path / "a.txt", tmp_path / "b.txt"],
        tmp_path,
        TextSource([tmp_path]),
        tuple(halves),
    ]
    result = [small().fit(text) for text in two]
    assert len({model.record_["content"] for model in result}) == 1
    assert all(same_weights(model, result[0]) for model in result)
    (tmp_path / "whole.txt").write_text(PROSE)
    assert same_weights(small().fit(tmp_path / "whole.txt"), small().fit(PROSE))
    assert result[0].record_["content"] != record_of(PROSE)["content"]


@pytest.mark.parametrize("text", [["a", Path("b")], [1], [], 3])
def test_what_is_no_text_is_refused(text):
    with pytest.raises(SettingError, match="text"):
        small().fit(text)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match="tale"):
        small().fit(tmp_path / "tale.txt")


def test_a_name_given_for_a_text_is_pointed_out(tmp_path, monkeypatch):
    (tmp_path / "tale.txt").write_text(PROSE)
    monkeypatch.chdir(tmp_path)
    with (
        pytest.warns(UserWarning, match="is the name of a file"),
        pytest.raises(EmptyTextError, match=r"Path\('tale.txt'\)"),
    ):
        small().fit("tale.txt")
    with pytest.raises(EmptyTextError, match="more text"):
        small().fit("tale.tx")


def test_without_a_text_to_choose_by_the_end_is_held_out():
    record = record_of(PROSE)
    assert record["tokens"] < len(PROSE)
    assert record["corpus"].endswith(f"+0-{record['tokens']}")
    assert record["valid"].split("+")[0] == record["corpus"].split("+")[0]
    assert record["valid"].split("+")[1].startswith(f"{record['tokens']}-")


def test_with_one_the_whole_text_is_learned_from():
    other = "The dog looked at the cat.\n" * 5
    record = record_of(PROSE, valid=other)
    assert record["tokens"] == len(PROSE) + 1
    assert record["characters"] == len(PROSE)
    assert record["words"] == len(PROSE.split())
    assert record["corpus"].split("+")[0] != record["valid"].split("+")[0]


def test_weights_are_chosen_by_the_text_given_for_it():
    model = small(steps=4, counts="off")
    model.fit(PROSE, valid=PROSE)
    assert model.record_["valid_nats_per_token"] == pytest.approx(-model.score(PROSE), rel=0.2)


@pytest.mark.parametrize("text", ["", "a", "\n", "ab", "a" * 64, "ab" * 20, [""], ["a"]])
@pytest.mark.parametrize("tokenizer", TOKENIZERS)
def test_too_little_to_learn_from_is_one_line(text, tokenizer):
    with pytest.raises(ElmanError) as caught:
        small(tokenizer=tokenizer).fit(text)
    assert "\n" not in str(caught.value)
    assert not hasattr(caught.value, "errno")


def test_a_failed_fit_leaves_what_was_learned(usual):
    model = small().fit(PROSE)
    with pytest.raises(EmptyTextError):
        model.fit("too short")
    assert same_weights(model, usual)


def test_a_second_fit_begins_anew(usual):
    model = small(seed=5).fit(PROSE + "abc xyz\n")
    model.learn("Zyzzy")
    model.suggest("Zy")
    model.set_params(seed=0).fit(PROSE)
    assert same_weights(model, usual)
    assert not model.learned_
    assert [s.word for s in model.suggest("The ")] == [s.word for s in usual.suggest("The ")]


def test_training_reports_every_step():
    model = small(steps=7)
    events = list(model.training(PROSE))
    steps = [event for event in events if isinstance(event, Progress)]
    assert [event.step for event in steps] == list(range(1, 8))
    assert steps[-1].done == pytest.approx(1)
    assert isinstance(events[-1], Finished)
    assert model.record_["steps"] == 7


def test_what_is_asked_amid_training_is_answered_by_the_weights_of_then():
    model, answers = small(steps=5, learning_rate=0.05, counts="off"), []
    for event in model.training(PROSE):
        outlook, _ = model.step("t", model.start())
        tokens = torch.tensor([[BOUNDARY, *model.tokenizer_.encode("t")]])
        with torch.inference_mode():
            model.network_.eval()
            logits, _ = model.network_(tokens, model.network_.initial_state(1))
            model.network_.train(not isinstance(event, Finished))
        expected = logits[0, -1].log_softmax(0).numpy()
        assert outlook.log_probabilities == pytest.approx(expected, abs=1e-4)
        answers.append(tuple(outlook.log_probabilities))
    assert len(set(answers)) >= 5


def test_a_cache_may_be_given(tmp_path):
    cache = Cache(tmp_path / "mine")
    list(small().training(PROSE + "unseen elsewhere\n", cache=cache))
    assert {entry.kind for entry in cache.entries()} == {"corpus", "tokenizer"}


# What it predicts


def test_score_is_the_mean_log_probability(model, tale):
    """Against one call of the network over the whole text, in double precision."""
    text = tale[:900]
    ids = [BOUNDARY, *model.tokenizer_.encode(text).tolist()]
    with torch.no_grad():
        logits, _ = model.network_(torch.tensor([ids[:-1]]), model.network_.initial_state(1))
    spread = logits[0].double().log_softmax(-1)
    total = math.fsum(float(spread[index, token]) for index, token in enumerate(ids[1:]))
    assert model.score(text) == pytest.approx(total / (len(ids) - 1), abs=1e-5)
    assert model.score(text) > model.score(text[::-1])


def test_training_makes_it_better(model, tale):
    untrained = clone(model).set_params(steps=1, learning_rate=1e-9).fit(tale)
    assert model.score(tale) > untrained.score(tale) + 1


# Files


TINY = [
    *(pytest.param({"tokenizer": tokenizer}, id=tokenizer) for tokenizer in TOKENIZERS),
    *(pytest.param({"cell": cell, "layers": 2}, id=cell) for cell in CELLS),
    pytest.param({"components": ()}, id="bare"),
    pytest.param({"components": ("norm", "mlp"), "tokenizer": "word"}, id="some-parts"),
]


@pytest.mark.parametrize("settings", TINY)
def test_a_file_gives_the_same_bits(settings, tmp_path):
    model = small(**settings).fit(PROSE)
    model.save(tmp_path / "m.safetensors")
    loaded = elman.load(tmp_path / "m.safetensors")
    assert type(loaded) is elman.LanguageModel
    assert same_weights(model, loaded)
    assert loaded.get_params() == model.get_params()
    assert loaded.record_ == model.record_
    assert loaded.tokenizer_.to_json() == model.tokenizer_.to_json()
    assert not loaded.network_.training
    ours, _ = model.step("The dog\n漢 sat", model.start())
    theirs, _ = loaded.step("The dog\n漢 sat", loaded.start())
    assert np.array_equal(ours.log_probabilities, theirs.log_probabilities)
    assert loaded.score("The dog sat.") == model.score("The dog sat.")
    write = {"samples": 2, "length": 20, "seed": 3}
    assert loaded.generate_many("The", **write) == model.generate_many("The", **write)
    assert loaded.suggest("The ") == model.suggest("The ")
    loaded.save(tmp_path / "again.safetensors")
    again, first = tmp_path / "again.safetensors", tmp_path / "m.safetensors"
    assert header_of(again) == header_of(first)
    assert same_weights(elman.load(again), model)


def test_a_file_holds_the_record_of_its_training(tmp_path):
    """What docs/design.md, section 7, says a model file holds."""
    model = small(seed=4, tokenizer="word").fit(PROSE)
    model.learn("Zyzzy")
    model.save(tmp_path / "m.safetensors")
    header = header_of(tmp_path / "m.safetensors")
    assert header["schema"] == 2
    assert header["task"] == "language"
    assert header["settings"]["seed"] == 4
    assert header["settings"]["tokenizer"] == "word"
    assert header["vocabulary"] == model.tokenizer_.to_json()
    assert header["learned"] == {"Zyzzy": 1}
    assert header["versions"]["elman"] == elman.__version__
    assert header["cell"]["cell"] == "elman.cells.mingru.MinGRU"
    training = header["training"]
    assert training["content"] == TextSource.from_texts([PROSE]).content_hash()
    assert training["seconds"] > 0
    assert training["steps"] == SMALL["steps"]
    assert training["valid_nats_per_token"] > 0
    assert training["parameters"] == sum(part.numel() for part in weights(model).values())
    assert training["tokens_read"] > 0
    assert str(tmp_path) not in json.dumps(header)


def test_a_changed_header_is_refused(tmp_path, usual):
    """Each damage alone, all else sound."""
    path = tmp_path / "sound.safetensors"
    usual.save(path)
    for keys, value in (
        ("task", "walking"),
        ("settings/hidden_size", "wide"),
        ("settings/more", 1),
        ("architecture/vocabulary", 3),
        ("architecture/hidden_size", 9),
        ("architecture/components", ["mlp", "norm"]),
        ("architecture/cell", "os.system"),
        ("vocabulary/characters", "ba"),
        ("learned", {"word": -1}),
        ("learned", []),
        ("training", None),
    ):
        assert_refused(altered(path, tmp_path, setting(*keys.split("/"), value=value)))
    for change in (
        lambda header, _: header["settings"].pop("seed"),
        lambda header, _: header.pop("architecture"),
    ):
        assert_refused(altered(path, tmp_path, change))
    unaltered = altered(path, tmp_path, lambda *_: None)
    assert same_weights(elman.load(unaltered), usual)


# The package


def test_all_public_names_are_there():
    for name in elman.__all__:
        assert getattr(elman, name) is not None
    assert dir(elman) == sorted(elman.__all__)
    with pytest.raises(AttributeError, match="nothing_such"):
        _ = elman.nothing_such


def test_importing_elman_waits_for_nothing():
    code = "import sys, elman; elman.__version__; print(*sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert "elman" in loaded
    assert not loaded & {"torch", "numpy", "safetensors", "tokenizers", "rich", "typer"}
