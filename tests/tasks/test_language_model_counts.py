"""A language model that answers with counts beside its network."""

from __future__ import annotations

import copy
import pickle
import random
import time

import numpy as np
import pytest
import torch

import elman
from elman.export import write_onnx
from elman.nn.compiled.predictor import NetworkPredictor
from elman.text.tokenizers.tokenizer import BOUNDARY
from language_models import predictor_of
from model_files import altered, assert_refused, setting

WHO, DID = ["the cat", "a bird", "my friend", "the dog"], ["sat there", "went off", "fell down"]


def tale(seed, lines):
    draw = random.Random(seed).choice
    return "".join(f"{draw(WHO)} {draw(DID)} and {draw(DID)}.\n" for _ in range(lines))


@pytest.fixture(scope="module", params=["character", "word", "subword"])
def model(request):
    made = elman.LanguageModel(
        tokenizer=request.param, hidden_size=16, layers=1, steps=30, counts="on"
    )
    return made.fit(tale(1, 300))


@pytest.fixture
def path(model, tmp_path):
    model.save(tmp_path / "m.safetensors")
    return tmp_path / "m.safetensors"


def test_both_are_better_than_either(model):
    """The gate is fitted on held-out text, so on more of it neither part alone wins."""
    ids = np.asarray(model.tokenizer_.encode(tale(2, 100)))
    both = NetworkPredictor(model.predicting).log_probabilities(ids).mean()
    network = predictor_of(model.network_).log_probabilities(ids).mean()
    counts = model.mixture_.counts.log_probabilities(ids).mean()
    assert both > max(network, counts) - 0.01
    assert model.score(tale(2, 100)) > network


def test_a_file_holds_both(model, path):
    loaded = elman.load(path)
    assert loaded.get_params() == model.get_params()
    assert loaded.score(tale(3, 20)) == model.score(tale(3, 20))
    assert list(loaded.generate("the ", seed=1)) == list(model.generate("the ", seed=1))
    assert loaded.suggest("the ") == model.suggest("the ")
    loaded.save(path.with_name("again.safetensors"))
    assert path.with_name("again.safetensors").read_bytes() == path.read_bytes()


def test_the_step_is_the_distribution_of_both(model):
    text = "the cat sat"
    distribution, _ = model.step(text, model.start())
    ids = np.array([BOUNDARY, *model.tokenizer_.encode(text)])
    with torch.inference_mode():
        network = model.network_
        logits, _ = network(torch.from_numpy(ids[None]), network.initial_state(1))
    contexts = model.mixture_.counts.states(ids)
    expected = model.mixture_.mix(logits[0].numpy(), contexts)[-1]
    np.testing.assert_allclose(distribution.log_probabilities, expected, atol=1e-3)


def test_the_share_of_the_file_is_told(model, path, tmp_path):
    about = elman.load(path).describe()
    assert about["counts"]["n-grams"] == len(model.mixture_.counts)
    with_counts = path.stat().st_size
    alone = copy.copy(model)
    alone.mixture_ = None
    alone.save(tmp_path / "alone.safetensors")
    without = (tmp_path / "alone.safetensors").stat().st_size
    assert about["counts' share of the file"] == pytest.approx(1 - without / with_counts, abs=0.1)
    assert alone.describe()["counts"] is None
    assert "counts' share of the file" not in alone.describe()


def test_copies_answer_alike(model):
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert other.score(tale(3, 5)) == model.score(tale(3, 5))
        assert other.suggest("a ") == model.suggest("a ")


def test_int8_keeps_the_counts(model, tmp_path):
    model.save(tmp_path / "small.safetensors", int8=True)
    small = elman.load(tmp_path / "small.safetensors")
    assert small.int8_
    assert small.mixture_ is not None
    assert small.score(tale(3, 20)) == pytest.approx(model.score(tale(3, 20)), abs=0.05)


def test_a_short_budget_is_kept():
    """Counting takes a share of the minutes, and the network always gets half of them."""
    begun = time.monotonic()
    model = elman.LanguageModel(hidden_size=8, layers=1, minutes=0.02, counts="on")
    model.fit(tale(1, 20_000))
    assert time.monotonic() - begun < 20  # on a slow machine
    assert model.record_["steps"] > 0
    assert model.mixture_ is not None


def test_without_counts_nothing_is_kept(tmp_path):
    model = elman.LanguageModel(hidden_size=8, layers=1, steps=2, counts="off").fit(tale(1, 100))
    assert model.mixture_ is None
    model.save(tmp_path / "m.safetensors")
    assert elman.load(tmp_path / "m.safetensors").mixture_ is None


def test_a_later_training_without_counts_forgets_them():
    model = elman.LanguageModel(hidden_size=8, layers=1, steps=2, counts="on").fit(tale(1, 100))
    assert model.set_params(counts="off").fit(tale(1, 100)).mixture_ is None


def test_a_graph_holds_the_network_alone_and_says_so(path, tmp_path):
    onnx = pytest.importorskip("onnx")
    written = write_onnx(path, tmp_path / "m.onnx")
    assert "counts" in written["limitation"]
    graph = onnx.load(tmp_path / "m.onnx").graph
    assert written["limitation"] in graph.doc_string
    assert not any("counts" in each.name for each in graph.initializer)


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        (("counts",), {}),
        (("counts", "sizes"), [1]),
        (("counts", "sizes"), []),
        (("counts", "sizes", 0), 10**12),
        (("counts", "sizes", 0), True),
        (("counts", "wide", 0), 1),
        (("counts", "gate", "bias", 0), "1"),
        (("counts", "gate", "mass"), "huge"),
        (("counts", "more"), 1),
        (("counts",), None),
    ],
)
def test_damaged_counts_are_refused(path, tmp_path, keys, value):
    (tmp_path / "damaged").mkdir()
    assert_refused(altered(path, tmp_path / "damaged", setting(*keys, value=value)))
