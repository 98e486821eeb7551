"""The counts of a tagger: two parts that answer alone and together, files, bounds."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import elman
from elman.counts.linear_chain import gradient
from elman.tasks.tagging.counts import MOST_BUCKETS, buckets_of
from elman.tasks.tagging.joining import BIASES, RANGE, Scores, fit_scales, join
from elman.tasks.tagging.objective import best_tags
from elman.text.context_features import features_of

SMALL = {"hidden_size": 8, "layers": 1, "steps": 40, "dropout": 0.1}
WORDS = [["Ann", "saw", "New", "York", "."], ["the", "cat", "sat"], ["Bob", "Lee", "ran"]] * 8
SPEECH = [["N", "V", "N", "N", "P"], ["D", "N", "V"], ["N", "N", "V"]] * 8
NAMES = [["B-P", "O", "B-L", "I-L", "O"], ["O", "O", "O"], ["B-P", "I-P", "O"]] * 8
NEW = [["Zed", "saw", "York"], [], ["the"], ["cat"] * 40]


@pytest.fixture(scope="module", params=["plain", "bio"])
def fitted(request):
    return elman.Tagger(**SMALL).fit(WORDS, SPEECH if request.param == "plain" else NAMES)


def test_the_network_alone_is_that_of_counts_off(fitted):
    """The counts take part in no step of its training, and scales change no best tags."""
    tags = SPEECH if fitted.scheme_ == "plain" else NAMES
    off = elman.Tagger(**SMALL, counts="off").fit(WORDS, tags)
    assert off.network_.counts is None
    assert off.predict_by_parts(NEW) == {}
    assert off.predict(NEW) == fitted.predict_by_parts(NEW)["network"]


def test_each_part_has_learned_the_training_set(fitted):
    tags = SPEECH if fitted.scheme_ == "plain" else NAMES
    assert fitted.predict(WORDS) == tags
    assert fitted.predict_by_parts(WORDS)["counts"] == tags


def test_the_scores_of_both_parts_add_up(fitted):
    """A sequence's log-probabilities by either part, and by both, agree up to a constant."""
    network = fitted.network_
    padded = fitted.dataset([WORDS[0]]).collate(np.array([0]))
    lengths = padded.lengths
    with torch.no_grad():
        both = network(padded) - network.counts.bias
        found, _ = network.crf.ranked(network.emissions(padded), lengths, 4)
        of_network = [
            network.crf.score(network.emissions(padded), tags, lengths).item() for tags in found
        ]
        of_counts = [
            network.counts.crf.score(network.counts(padded.features), tags, lengths).item()
            for tags in found
        ]
        together = [network.joint_crf.score(both, tags, lengths).item() for tags in found]
    np.testing.assert_allclose(together, np.add(of_network, of_counts), rtol=1e-4)


@pytest.mark.parametrize("int8", [False, True])
def test_a_file_keeps_both_parts(fitted, tmp_path, int8):
    path = tmp_path / "model.safetensors"
    fitted.save(path, int8=int8)
    loaded = elman.load(path)
    assert loaded.predict_by_parts(WORDS).keys() == {"network", "counts"}
    assert loaded.predict(WORDS) == fitted.predict(WORDS)
    if not int8:
        for ours, theirs in zip(fitted.marginals(NEW), loaded.marginals(NEW), strict=True):
            np.testing.assert_array_equal(ours, theirs)


def test_a_small_set_has_a_small_file(fitted, tmp_path):
    path = tmp_path / "model.safetensors"
    fitted.save(path)
    with_counts = path.stat().st_size
    fitted_alone = elman.Tagger(**SMALL, counts="off").fit(WORDS, SPEECH)
    fitted_alone.save(path)
    assert with_counts - path.stat().st_size < 20_000


@pytest.mark.parametrize("features", [1, 5, 1000, 10**7])
@pytest.mark.parametrize("most", [1, 100, 10**9])
def test_buckets_follow_from_the_data_and_are_bounded(features, most):
    buckets = buckets_of(features, most)
    assert buckets & (buckets - 1) == 0
    assert buckets <= min(most, MOST_BUCKETS, 2 * features)
    assert buckets >= features or 2 * buckets > min(most, MOST_BUCKETS)


def test_scales_are_where_the_slope_ends():
    """At the fitted scales no small change makes the tags more probable."""
    generator = np.random.default_rng(0)
    lengths = np.tile([9, 7, 9, 4], 20)
    tags = generator.integers(0, 3, (9, 80))
    parts = [
        noise * generator.normal(size=(9, 80, 3)) + 2 * np.eye(3)[tags] for noise in (1.0, 1.5)
    ]
    chains = [
        tuple(0.1 * generator.normal(size=shape) for shape in ((3,), (3, 3), (3,)))
        for _ in range(2)
    ]
    allowed = (np.ones(3, bool), np.ones((3, 3), bool), np.ones(3, bool))
    scales = np.array(fit_scales([Scores(*parts, tags, lengths)], *chains, allowed))

    def loss(first, second):
        chain = tuple(first * a + second * b for a, b in zip(*chains, strict=True))
        return gradient(first * parts[0] + second * parts[1], tags, lengths, chain, allowed).loss

    assert RANGE[0] < scales.min() < scales.max() < RANGE[1]
    best = loss(*scales)
    for change in ((0.9, 1), (1.1, 1), (1, 0.9), (1, 1.1)):
        assert loss(*(scales * change)) > best
    assert scales[0] > scales[1], "the noisier part counts less"


def test_a_trace_says_what_the_counts_add(fitted):
    """By all features it is the tag's emission above the mean, and the features are the word's."""
    [words] = [["Ann", "sat", "."]]
    trace = fitted.explain(words)
    padded = fitted.dataset([words]).collate(np.array([0]))
    network = fitted.network_
    with torch.no_grad():
        added = network.added(padded)[:, 0]
        best = network.best(padded)[:, 0]
    for time, output in enumerate(trace.outputs):
        expected = added[time, best[time]] - added[time].mean()
        assert output.counts.added == pytest.approx(expected.item(), rel=1e-3)
        sizes = [abs(each.added) for each in output.counts.features]
        assert sizes == sorted(sizes, reverse=True)
        assert {each.text for each in output.counts.features} <= set(features_of(words)[time])
    plain = trace.as_dict()
    assert plain["outputs"][0]["counts"]["features"]
    off = elman.Tagger(**SMALL, counts="off").fit(WORDS, SPEECH).explain(words)
    assert "counts" not in off.as_dict()["outputs"][0]


@pytest.mark.parametrize(("repeats", "expected"), [(20, -BIASES[-1]), (1, 0)])
def test_outside_is_lowered_as_the_metric_wants_unless_the_set_is_small(repeats, expected):
    """A metric that wants as many entities as can be gets the largest shift."""
    model = elman.Tagger(**{**SMALL, "steps": 1}).fit(WORDS, NAMES)
    network, counts = model.network_, model.network_.counts
    gold = [model.vocabulary_.encode(tags) for tags in NAMES[:3] * repeats]
    valid = model.dataset(WORDS[:3] * repeats)

    with torch.no_grad():  # or they are too sure for any shift
        counts.weight.zero_()
    counted = []

    def outside(found):
        counted.append(sum(int((tags == 0).sum()) for tags in found))
        return -len(counted)  # better with each larger shift

    join(network, counts, valid, gold, outside, entities=True)
    assert counts.bias[0].item() == expected
    assert counted == sorted(counted, reverse=True)
    if counted:
        tags = best_tags(network, valid)
        assert sum(int((each == 0).sum()) for each in tags) == counted[-1] < counted[0]
    assert not counts.bias[1:].any()
