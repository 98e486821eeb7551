"""Translators and describers as files: the same answers when they come back; damage is one line."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reviews import same_weights

import elman
from elman.cells import CELLS
from elman.errors import ModelFileError, NotFittedError
from elman.nn.config import ATTENTIONS, ORDERS
from model_files import altered, assert_refused, header_of, setting, with_other_header_bytes
from seq2seq_models import PAIRS, small

NEW = ["abd", "", "unheard of", "漢字 😀"]
VECTORS = np.random.default_rng(0).normal(size=(30, 3)).astype(np.float32)
SAID = ["one thing", "another"] * 15
APART = (["abc", "bd"] * 15, ["A B C", "B D"] * 15)  # a vocabulary for each side


def describer(**changes):
    return elman.Describer(**{"hidden_size": 8, "layers": 1, "steps": 2, **changes})


def answers(model):
    given_to = VECTORS[:3] if model.task == "describe" else NEW
    return [
        [(each.text, each.score, each.probabilities) for each in best]
        for best in model.predict_best(given_to, count=2)
    ]


@pytest.mark.parametrize(
    ("model", "learned_from"),
    [
        *((small(cell=cell, steps=1), APART) for cell in CELLS),
        *((small(attention=kind, steps=1), PAIRS) for kind in ATTENTIONS),
        *((small(order=order, steps=1, tokenizer="subword"), PAIRS) for order in ORDERS),
        (small(hidden_size=np.int64(8), dropout=np.float32(0.5), steps=1), APART),
        *((describer(cell=cell), (VECTORS, SAID)) for cell in ("mingru", "lstm")),
        (describer(tokenizer="character"), (VECTORS, SAID)),
    ],
    ids=lambda value: "" if isinstance(value, tuple) else repr(value),
)
def test_a_file_gives_the_same_answers(tmp_path, model, learned_from):
    path, again = tmp_path / "m.safetensors", tmp_path / "again.safetensors"
    model.fit(*learned_from).save(path)
    loaded = elman.load(path)
    assert type(loaded) is type(model)
    assert answers(loaded) == answers(model)
    assert same_weights(loaded, model)
    assert loaded.get_params() == model.get_params()
    assert (loaded.limit_, loaded.record_) == (model.limit_, model.record_)
    assert loaded.describe() == model.describe()
    assert not loaded.network_.training
    loaded.save(again)
    assert header_of(again) == header_of(path)


@pytest.mark.parametrize("model", [small(), describer()], ids=repr)
def test_an_unfitted_model_has_no_file(tmp_path, model):
    with pytest.raises(NotFittedError):
        model.save(tmp_path / "m.safetensors")
    assert not list(tmp_path.iterdir())


@pytest.fixture(scope="module")
def translated(tmp_path_factory):
    """A translator with a vocabulary for each side."""
    path = tmp_path_factory.mktemp("model") / "m.safetensors"
    small(steps=1).fit(*APART).save(path)
    return path


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """One with a vocabulary for both."""
    path = tmp_path_factory.mktemp("model") / "m.safetensors"
    small(steps=1).fit(*PAIRS).save(path)
    return path


@pytest.fixture(scope="module")
def described(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "m.safetensors"
    describer().fit(VECTORS, SAID).save(path)
    return path


OF_BOTH = [
    *((("task",), value) for value in ("walking", "language", "classify", None)),
    *((("settings", "tokenizer"), value) for value in ("word", "letter", None)),
    (("settings", "more"), 1),
    (("settings", "cell"), "gru"),
    (("settings", "dropout"), "huge"),
    *((("encoder_decoder",), value) for value in (None, {}, [])),
    *((("encoder_decoder", "source"), value) for value in (1, -1, True, 10**9, "9", None, 257.0)),
    *((("encoder_decoder", "attention"), value) for value in ("soft", None, [])),
    *((("encoder_decoder", "order"), value) for value in ("sideways", None)),
    (("encoder_decoder", "more"), 1),
    *((("encoder_decoder", "blocks", "hidden_size"), value) for value in (9, 8.0, 10**9, "8")),
    *((("encoder_decoder", "blocks", "cell"), value) for value in ("os.system", "gru")),
    (("encoder_decoder", "blocks", "layers"), 2),
    (("encoder_decoder", "blocks", "vocabulary"), 3),
    (("encoder_decoder", "blocks", "components"), ["mlp", "norm"]),
    *((("vocabularies",), value) for value in (None, {}, [], "target")),
    *((("vocabularies", "target"), value) for value in (None, {}, {"name": "word", "words": []})),
    (("vocabularies", "more"), {}),
    *((("limit",), value) for value in (None, [], [1.0], [1.0, 2.0, 3.0], {"slope": 1})),
    *((("limit", 0), value) for value in ("huge", -1, "1", None, True, 1e7)),
    *((("limit", 1), value) for value in ("huge", -0.1, [1])),
    (("training",), None),
]


@pytest.mark.parametrize("kind", ["translated", "described"])
@pytest.mark.parametrize(("names", "value"), OF_BOTH, ids=str)
def test_a_changed_header_is_refused(request, tmp_path, kind, names, value):
    path = request.getfixturevalue(kind)
    assert_refused(altered(path, tmp_path, setting(*names, value=value)))


@pytest.mark.parametrize(
    ("names", "value"),
    [
        (("task",), "describe"),
        (("encoder_decoder", "attention"), "additive"),
        (("encoder_decoder", "order"), "forward"),
        (("encoder_decoder", "order"), "vector"),
        (("encoder_decoder", "source"), 0),
        (("settings", "attention"), "none"),
        (("settings", "order"), "reversed"),
        (("vocabularies", "source"), None),
    ],
)
def test_settings_that_do_not_fit_the_weights_are_refused(translated, tmp_path, names, value):
    assert_refused(altered(translated, tmp_path, setting(*names, value=value)))


@pytest.mark.parametrize("side", ["source", "target"])
def test_a_sides_vocabulary_cannot_be_left_out(translated, tmp_path, side):
    assert_refused(
        altered(translated, tmp_path, lambda header, _: header["vocabularies"].pop(side))
    )


@pytest.mark.parametrize("kind", ["shared", "described"])
def test_a_sides_vocabulary_cannot_be_added(request, tmp_path, kind):
    def add(header, _):
        header["vocabularies"].update(source=header["vocabularies"]["target"])

    assert_refused(altered(request.getfixturevalue(kind), tmp_path, add))


@pytest.mark.parametrize(
    "name", ["settings", "encoder_decoder", "vocabularies", "limit", "training"]
)
def test_a_header_without_an_entry_is_refused(translated, tmp_path, name):
    assert_refused(altered(translated, tmp_path, lambda header, _: header.pop(name)))


@pytest.mark.parametrize(
    "change",
    [
        lambda tensors: tensors.pop("output.bias"),
        lambda tensors: tensors.pop("encoder.center"),
        lambda tensors: tensors.update(more=torch.zeros(2)),
        lambda tensors: tensors.update({"encoder.slope": torch.zeros(4)}),
        lambda tensors: tensors.update({"encoder.slope": torch.zeros(3, dtype=torch.float64)}),
    ],
)
def test_other_tensors_are_refused(described, tmp_path, change):
    assert_refused(altered(described, tmp_path, lambda _, tensors: change(tensors)))


@pytest.mark.parametrize("kind", ["translated", "shared", "described"])
def test_the_unaltered_file_is_taken(request, tmp_path, kind):
    """Else all of the above proves nothing."""
    path = request.getfixturevalue(kind)
    assert answers(elman.load(altered(path, tmp_path, lambda *_: None))) == answers(
        elman.load(path)
    )


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.999])
def test_a_file_cut_short_is_refused(translated, tmp_path, share):
    path = tmp_path / "m.safetensors"
    path.write_bytes(translated.read_bytes()[: int(share * translated.stat().st_size)])
    assert_refused(path)


@pytest.mark.parametrize("kind", ["translated", "described"])
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_flipped_bytes_of_its_header_never_surprise(request, tmp_path, kind, data):
    path = with_other_header_bytes(request.getfixturevalue(kind), tmp_path, data)
    with suppress(ModelFileError):
        model = elman.load(path)
        model.limit_ = model.limit_._replace(slope=1.0, room=5.0)  # it may well be a long one
        assert answers(model)
