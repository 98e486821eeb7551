"""A classifier as a file: the same answers when it comes back; damage is one line."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reviews import LABELS, TEXTS, same_weights, small

import elman
from elman.cells import CELLS
from elman.errors import ModelFileError, NotFittedError
from elman.tasks.tokenization import ENCODER_TOKENIZERS
from model_files import altered, assert_refused, header_of, setting, with_other_header_bytes

NEW = ["so warm, and unheard of", "", "漢字 für 😀", *TEXTS[:5]]


@pytest.fixture(scope="module", params=ENCODER_TOKENIZERS)
def sound(request, tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "m.safetensors"
    model = small(tokenizer=request.param, directions=2).fit(TEXTS, LABELS)
    model.save(path)
    return path, model


@pytest.mark.parametrize(
    "changes",
    [
        *(pytest.param({"tokenizer": tokenizer}, id=tokenizer) for tokenizer in ENCODER_TOKENIZERS),
        *(pytest.param({"cell": cell, "layers": 2}, id=cell) for cell in CELLS),
        pytest.param({"directions": 2, "class_weight": "balanced"}, id="both-directions"),
        pytest.param({"tokenizer": "auto", "steps": 25}, id="auto"),
        pytest.param({"hidden_size": np.int64(8), "dropout": np.float32(0.5)}, id="numpy"),
    ],
)
def test_a_file_gives_the_same_probabilities(changes, tmp_path):
    model = small(**changes).fit(TEXTS, LABELS, out_of_scope=["Zyzzy"])
    model.save(tmp_path / "m.safetensors")
    loaded = elman.load(tmp_path / "m.safetensors")
    assert type(loaded) is elman.Classifier
    assert np.array_equal(loaded.predict_proba(NEW), model.predict_proba(NEW))
    assert same_weights(loaded, model)
    assert loaded.get_params() == model.get_params()
    assert (loaded.record_, loaded.calibration_) == (model.record_, model.calibration_)
    assert loaded.classes_.tolist() == model.classes_.tolist()
    assert not loaded.network_.training
    if model.directions == 1:
        running = [each.step("so warm", each.start())[0] for each in (model, loaded)]
        assert running[0] == running[1]
    loaded.save(tmp_path / "again.safetensors")
    assert header_of(tmp_path / "again.safetensors") == header_of(tmp_path / "m.safetensors")


def test_an_unfitted_model_has_no_file(tmp_path):
    with pytest.raises(NotFittedError):
        small().save(tmp_path / "m.safetensors")
    assert not list(tmp_path.iterdir())


VALUES = [
    *((("task",), value) for value in ("walking", "language", "tag", None)),
    *((("settings", "tokenizer"), value) for value in ("letter", None)),
    (("settings", "more"), 1),
    (("settings", "directions"), 3),
    (("settings", "dropout"), "huge"),
    *((("encoder",), value) for value in (None, {}, [])),
    *((("encoder", "directions"), value) for value in (1, 2.0, True, "2", 0, 3)),
    *((("encoder", "buckets"), value) for value in (7, 32768.0, 0.0, False, None)),
    (("encoder", "more"), 1),
    *((("members",), value) for value in (None, 0, 2, "1", 10**6)),
    *((("encoder", "blocks", "hidden_size"), value) for value in (9, 8.0, 10**9, "8")),
    (("encoder", "blocks", "cell"), "os.system"),
    (("encoder", "blocks", "layers"), 2),
    (("encoder", "blocks", "vocabulary"), 3),
    (("encoder", "blocks", "components"), ["mlp", "norm"]),
    *((("vocabulary",), value) for value in (None, {}, {"name": "word", "words": [1]})),
    *(
        (("labels",), value)
        for value in (None, "abc", [], ["a"], ["a", "b"], ["a", "b", "b"], ["a", "b", 3],
                      [True, 2, 3], [1, 2, "huge"], ["a", "", "b"], ["a", "b", None], [[], [], []])
    ),
    *((("calibration",), value) for value in (None, {}, [1.0, 0.5], {"temperature": 1.0})),
    *((("calibration", "temperature"), value) for value in (0, -1, "huge", "1", None, True)),
    *((("calibration", "rejection"), value) for value in (-0.1, 1.1, "huge", None)),
    (("training",), None),
]  # fmt: skip


@pytest.mark.parametrize(("names", "value"), VALUES, ids=str)
def test_a_changed_header_is_refused(sound, tmp_path, names, value):
    assert_refused(altered(sound[0], tmp_path, setting(*names, value=value)))


@pytest.mark.parametrize("name", ["settings", "encoder", "vocabulary", "labels", "calibration"])
def test_a_header_without_an_entry_is_refused(sound, tmp_path, name):
    assert_refused(altered(sound[0], tmp_path, lambda header, _: header.pop(name)))


@pytest.mark.parametrize(
    "change",
    [
        lambda tensors: tensors.pop("members.0.output.bias"),
        lambda tensors: tensors.update(more=torch.zeros(2)),
        lambda tensors: tensors.update({"members.0.output.bias": torch.zeros(4)}),
        lambda tensors: tensors.update(
            {"members.0.output.bias": torch.zeros(3, dtype=torch.float64)}
        ),
    ],
)
def test_other_tensors_are_refused(sound, tmp_path, change):
    assert_refused(altered(sound[0], tmp_path, lambda _, tensors: change(tensors)))


def test_the_unaltered_file_is_taken(sound, tmp_path):
    """Else all of the above proves nothing."""
    loaded = elman.load(altered(sound[0], tmp_path, lambda *_: None))
    assert same_weights(loaded, sound[1])


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.999])
def test_a_file_cut_short_is_refused(sound, tmp_path, share):
    path = tmp_path / "m.safetensors"
    path.write_bytes(sound[0].read_bytes()[: int(share * sound[0].stat().st_size)])
    assert_refused(path)


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_flipped_bytes_of_its_header_never_surprise(sound, tmp_path, data):
    path = with_other_header_bytes(sound[0], tmp_path, data)
    with suppress(ModelFileError):
        assert elman.load(path).predict_proba(NEW).shape == (len(NEW), 3)
