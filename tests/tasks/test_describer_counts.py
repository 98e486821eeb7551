"""A describer with the nearest training vectors beside its network."""

from __future__ import annotations

import copy
import itertools
import pickle

import numpy as np
import pytest
import torch
from reviews import same_weights

import elman
from elman.decoding.beam import Hypothesis
from elman.errors import SettingError
from elman.tasks.description import counts
from elman.tasks.description.inputs import DescribedVectors
from elman.tasks.description.mixing import (
    fit_weight,
    mixed_log_probabilities,
    prefix_shares,
)
from elman.tasks.seq2seq import generation
from elman.tasks.seq2seq.generation import token_log_probabilities, with_end
from elman.text.tokenizers.tokenizer import BOUNDARY
from model_files import altered, assert_refused, setting

WIDTH = 4
NAMES = ["nought", "one", "two", "three", "one more"]


def numbers(count, seed=0):
    """Vectors of which one number stands out, or none; the description names it."""
    draw = np.random.default_rng(seed)
    kinds = draw.integers(0, len(NAMES), count)
    vectors = draw.normal(0, 0.4, (count, WIDTH)).astype(np.float32)
    vectors[kinds < WIDTH, kinds[kinds < WIDTH]] += 2
    return 50 * vectors + 1000, [NAMES[kind] for kind in kinds.tolist()]


VECTORS, SAID = numbers(300)
ASKED, WANTED = numbers(60, seed=1)


LEARNED = {"tokenizer": "character", "hidden_size": 16, "steps": 60}


def small(**changes):
    return elman.Describer(**{"hidden_size": 8, "layers": 1, "steps": 20, **changes})


@pytest.fixture(scope="module")
def model():
    fitted = small(**LEARNED).fit(VECTORS, SAID)
    assert fitted.nearest_ is not None
    return fitted


@pytest.fixture(scope="module")
def path(model, tmp_path_factory):
    path = tmp_path_factory.mktemp("counts") / "m.safetensors"
    model.save(path)
    return path


def right(answers):
    return np.mean([answer == text for answer, text in zip(answers, WANTED, strict=True)])


def test_the_neighbours_mend_a_network_that_knows_little(model):
    parts = model.predict_by_parts(ASKED)
    assert list(parts) == ["both", "network", "counts"]
    assert parts["both"] == model.predict(ASKED)
    assert right(parts["network"]) < 0.5 < 0.8 < right(parts["counts"])
    assert right(parts["both"]) >= right(parts["counts"]) - 0.02


def test_without_counts_the_network_is_as_it_was(model):
    alone = small(**LEARNED, counts="off").fit(VECTORS, SAID)
    assert alone.nearest_ is None
    assert same_weights(alone, model)
    assert alone.predict(ASKED) == model.predict_by_parts(ASKED)["network"]
    assert list(alone.predict_by_parts(ASKED)) == ["both"]


@torch.no_grad()
def by_torch(model, vector: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The log-probability of each token of a description, in one forward pass."""
    network, read = model.network_, torch.tensor([BOUNDARY, *target[:-1]])
    logits, _ = network(read[:, None], network.encode(torch.from_numpy(vector[None])))
    return logits[:, 0].log_softmax(1)[range(len(target)), target].numpy()


def test_a_probability_is_that_of_both(model):
    """Of whole descriptions, and of each beginning."""
    nearest, compared = model.nearest_.nearest.of(ASKED), 0
    for row, best in enumerate(model.predict_best(ASKED[:10], count=4)):
        share = 1 - model.nearest_.weight * nearest.trust[row]
        for each in best:
            tokens = model.target_.encode(each.text)
            if len(tokens) != len(each.probabilities):  # it was cut
                continue
            compared += 1
            log_p = by_torch(model, ASKED[row], tokens)
            theirs = sum(
                part
                for label, part in zip(nearest.labels[row], nearest.shares[row], strict=True)
                if np.array_equal(model.nearest_.targets[label], tokens)
            )
            expected = share * np.exp(log_p.sum()) + (1 - share) * theirs
            assert each.probability == pytest.approx(expected, rel=1e-3)
            assert np.prod(each.probabilities) == pytest.approx(each.probability, rel=1e-3)
            assert each.score == pytest.approx(np.log(each.probability) / len(tokens), abs=1e-3)
    assert compared > 20


def test_both_parts_are_one_distribution():
    """The probabilities of the next token sum to 1 after every beginning."""
    draw = np.random.default_rng(0)
    neighbours = [np.array(each) for each in ([1, 2, 0], [1, 0], [2, 2, 1, 0])]
    shares = np.array([0.5, 0.2, 0.3])
    tables = {
        beginning: draw.dirichlet(np.ones(3))
        for length in range(3)
        for beginning in itertools.product(range(3), repeat=length)
    }
    for beginning in [each for each in tables if 0 not in each]:
        candidates = [np.array([*beginning, token]) for token in range(3)]
        ours = np.log([[tables[tuple(c[:i])][c[i]] for i in range(len(c))] for c in candidates])
        log_p = mixed_log_probabilities(ours, prefix_shares(candidates, neighbours, shares), 0.6)
        assert np.exp(log_p[:, -1]).sum() == pytest.approx(1, abs=1e-6), beginning


def test_the_network_gives_a_description_the_probabilities_of_the_search_and_of_a_forward_pass(
    model, monkeypatch
):
    """Of different lengths, in several batches."""
    vocabulary = model.target_.tokenizer.size
    monkeypatch.setattr(generation, "LOGITS", 3 * vocabulary)
    vectors = ASKED[:7]
    found = model._generated(vectors, 3, 3)
    for rank in range(3):
        targets = [with_end(best[rank]) for best in found]
        assert len(set(map(len, targets))) > 1
        scored = token_log_probabilities(model._inference, vectors, targets)
        for vector, target, row, best in zip(vectors, targets, scored, found, strict=True):
            np.testing.assert_allclose(row, best[rank].log_probabilities, atol=1e-5)
            np.testing.assert_allclose(row, by_torch(model, vector, target), atol=1e-5)


def test_a_description_that_was_cut_stays_cut(model):
    cut = Hypothesis(np.array([260, 261]), -1.0, np.array([-1.0, -1.0], np.float32))
    (best,) = model.nearest_.mixed(model._inference, ASKED[:1], [[cut]])
    again = next(each for each in best if each.tokens.tolist() == [260, 261])
    assert len(again.log_probabilities) == 2


def test_the_weight_is_the_likeliest():
    draw = np.random.default_rng(0)
    trust = draw.uniform(0.1, 0.9, 500)
    known = draw.random(500) < 0.8 * trust
    log_network, shares = np.log(draw.uniform(0.2, 0.5, 500)), np.where(known, 0.9, 0.0)
    weight = fit_weight(log_network, shares, trust)

    def cost(weight):
        share = weight * trust
        both = np.log((1 - share) * np.exp(log_network) + share * shares)
        return np.log(weight / (1 - weight)) ** 2 / 2 - both.sum()

    assert 0.1 < weight < 0.9
    assert cost(weight) < min(cost(weight - 0.02), cost(weight + 0.02))


def test_neighbours_that_do_harm_have_no_weight():
    log_network, trust = np.log(np.full(100, 0.6)), np.full(100, 0.9)
    assert fit_weight(log_network, np.zeros(100), trust) is None
    assert fit_weight(log_network, np.full(100, 0.9), trust) > 0.7


def test_descriptions_that_never_recur_have_no_counts(tmp_path):
    said = [f"{number} of them" for number in range(len(VECTORS))]
    model = small().fit(VECTORS, said)
    assert model.nearest_ is None
    model.save(tmp_path / "m.safetensors")
    assert elman.load(tmp_path / "m.safetensors").nearest_ is None
    assert "counts' share of the file" not in model.describe()


def test_neighbours_that_say_nothing_are_left_out():
    draw = np.random.default_rng(0)
    vectors = draw.normal(size=(300, 3)).astype(np.float32)
    said = [f"{a} {b}" for a, b in draw.integers(0, 12, (300, 2)).tolist()]
    valid = (vectors[:60], [f"number {number}" for number in range(60)])
    assert small(steps=60).fit(vectors, said, valid=valid).nearest_ is None


def test_the_trace_tells_what_each_part_says(model):
    trace = model.explain(ASKED[0])
    (best,) = model.predict_best(ASKED[:1], count=1)[0]
    assert [each.target.probability for each in trace.outputs] == pytest.approx(
        best.probabilities, rel=1e-3
    )
    for output in trace.outputs:
        network, neighbours = output.parts
        assert (network.name, neighbours.name) == ("network", "counts")
        assert network.share + neighbours.share == pytest.approx(1)
        both = network.share * network.target + neighbours.share * neighbours.target
        assert both == pytest.approx(output.target.probability, abs=1e-5)
    assert trace.outputs[0].parts[1].target > 0.5


def test_a_file_holds_both(model, path):
    loaded = elman.load(path)
    for ours, theirs in zip(model.predict_best(ASKED), loaded.predict_best(ASKED), strict=True):
        assert [(each.text, each.probability) for each in ours] == [
            (each.text, each.probability) for each in theirs
        ]
    loaded.save(path.with_name("again.safetensors"))
    assert path.with_name("again.safetensors").read_bytes() == path.read_bytes()
    assert loaded.describe()["stored vectors"] == 270
    assert 0 < loaded.describe()["counts' share of the file"] < 0.5


def test_int8_weights_leave_the_counts_alone(model, path):
    model.save(path.with_name("int8.safetensors"), int8=True)
    loaded = elman.load(path.with_name("int8.safetensors"))
    assert loaded.int8_
    assert (loaded.nearest_.nearest.rows == model.nearest_.nearest.rows).all()
    assert loaded.nearest_.weight == model.nearest_.weight


def test_copies_answer_alike(model):
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert other.predict(ASKED) == model.predict(ASKED)


def test_the_counts_take_no_more_space_than_the_network():
    draw = np.random.default_rng(0)
    wide = DescribedVectors(draw.normal(size=(500, 64)).astype(np.float32), ["a", "b"] * 250)
    codec = small(steps=1).fit(VECTORS, SAID).target_
    memory = counts.remember(wide, codec, 8_000, 0)
    assert memory.nearest.rows.nbytes + memory.nearest.labels.nbytes <= 8_000
    assert len(memory.nearest.rows) > 100
    assert counts.remember(wide, codec, 40, 0) is None


@pytest.mark.parametrize("value", ["maybe", True])
def test_a_setting_out_of_range_is_named(value):
    with pytest.raises(SettingError) as caught:
        small(counts=value).fit(VECTORS, SAID)
    assert caught.value.location == "counts"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("vectors", -1), ("vectors", 2**40), ("vectors", True), ("vectors", 269), ("tokens", 2),
        ("descriptions", 0), ("neighbours", 0), ("neighbours", 271), ("bandwidth", 0.0),
        ("unit", "one"), ("unit", None), ("more", 1), ("trust", []), ("trust", [0.0, -1.0]),
        ("trust", [0.0, "1"]), ("trust", [float("inf"), 1.0]), ("weight", 1.0), ("weight", None),
    ],
)  # fmt: skip
def test_a_changed_header_is_refused(path, tmp_path, name, value):
    assert_refused(altered(path, tmp_path, setting("counts", name, value=value)))


@pytest.mark.parametrize("value", [3, {}, "off", []], ids=str)
def test_counts_that_are_none_are_refused(path, tmp_path, value):
    assert_refused(altered(path, tmp_path, setting("counts", value=value)))


@pytest.mark.parametrize(
    "change",
    [
        lambda tensors: tensors.pop("counts.center"),
        lambda tensors: tensors["counts.labels"].fill_(5),
        lambda tensors: tensors["counts.labels"].fill_(-1),
        lambda tensors: tensors["counts.center"].fill_(float("nan")),
        lambda tensors: tensors["counts.step"].fill_(0),
        lambda tensors: tensors["counts.weight"].fill_(float("inf")),
        lambda tensors: tensors["counts.weight"].fill_(-1),
        lambda tensors: tensors["counts.tokens"].fill_(1),
        lambda tensors: tensors["counts.tokens"][:1].fill_(10**6),
        lambda tensors: tensors["counts.tokens"][:1].fill_(-1),
        lambda tensors: tensors["counts.lengths"][:1].add_(1),
        lambda tensors: tensors["counts.lengths"].fill_(0),
    ],
)
def test_changed_counts_are_refused(path, tmp_path, change):
    assert_refused(altered(path, tmp_path, lambda _, tensors: change(tensors)))


def test_the_report_has_what_each_part_reaches(model):
    from elman.tasks.seq2seq.evaluation import evaluate_seq2seq

    parts = model.predict_by_parts(ASKED)
    answers = parts.pop("both")
    report = evaluate_seq2seq(ASKED, WANTED, answers, parts=parts)
    alone = report.details["alone"]
    assert alone["network"]["exact_match"] == right(parts["network"])
    low, high = alone["network"]["gain"]
    assert low <= right(answers) - right(parts["network"]) <= high
