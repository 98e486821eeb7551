"""The tagger on arrays against the torch network."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from elman.kernels import core
from elman.nn.compiled.tagger import CompiledTagger, tagger_layout
from elman.nn.config import EncoderConfig, StackConfig
from elman.nn.crf import Transitions
from elman.nn.int8 import fake_quantize
from elman.nn.native_step import trained_network
from elman.nn.tagger import TaggerNetwork
from elman.tasks.tagging.dataset import SentenceDataset
from elman.text.context_features import FEATURES
from elman.text.subword_hashing import MIN_BUCKETS, HashedVocabulary, WordForms
from elman.text.tagsets import transitions
from elman.training.dataset import TokenDataset, in_batches

TAGS = ["O", "B-X", "I-X", "E-X", "S-X"]
LEGAL = transitions(TAGS, "bioes")
LENGTHS = [7, 3, 1, 5, 12, 3]
VOCABULARY = HashedVocabulary(["a", "bb", "house"], MIN_BUCKETS)


def network_of(directions: int, buckets: int, *, words: bool, cell: str = "gru") -> TaggerNetwork:
    torch.manual_seed(1)
    size = VOCABULARY.size if words else 11
    config = EncoderConfig(
        StackConfig(size, cell=cell, hidden_size=24, layers=2, dropout=0.0),
        directions,
        VOCABULARY.buckets if words else 0,
    )
    network = TaggerNetwork(config, Transitions(*map(torch.from_numpy, LEGAL)), 0.0, buckets)
    parts = [network.crf, *([] if network.counts is None else [network.counts])]
    with torch.no_grad():
        for parameter in (parameter for part in parts for parameter in part.parameters()):
            parameter.normal_()
    return network.eval()


def examples_of(buckets: int, *, words: bool) -> SentenceDataset | TokenDataset:
    random = np.random.default_rng(4)
    if not words:
        rows = [random.integers(11, size=length) for length in LENGTHS]
        return TokenDataset(rows)
    known = ["a", "bb", "House", "unseen", "Unheard-of", "7", "."]
    sentences = [[str(word) for word in random.choice(known, length)] for length in LENGTHS]
    return SentenceDataset(sentences, WordForms(VOCABULARY), buckets)


@pytest.mark.parametrize("directions", [1, 2])
@pytest.mark.parametrize(("words", "buckets"), [(False, 0), (True, 0), (True, 64)])
def test_tagger_is_that_of_torch(directions, words, buckets, monkeypatch):
    monkeypatch.setattr("elman.nn.compiled.tagger._TOKENS", 8)  # several batches
    network = network_of(directions, buckets, words=words)
    examples = examples_of(buckets, words=words)
    compiled = CompiledTagger(trained_network(network, int8=False), network.config, LEGAL)
    crf = network.joint_crf

    def expected(answer):
        return {
            int(place): [part[..., column].numpy() for part in parts]
            for chosen, parts in in_batches(network, examples, answer)
            for column, place in enumerate(chosen)
        }

    def by_torch(padded):
        scores = network(padded)
        marginals = crf.marginals(scores, padded.lengths).exp().transpose(1, 2)
        return scores.transpose(1, 2), marginals, *crf.best(scores, padded.lengths, 3)

    best, ranked = compiled.best(examples), compiled.most_probable(examples, 3)
    marginals = compiled.marginals(examples)
    for place, (scores, spread, tags, log_p) in expected(by_torch).items():
        length = LENGTHS[place]
        np.testing.assert_allclose(
            compiled.scores(examples, [place]), scores[:length], rtol=0, atol=1e-5
        )
        np.testing.assert_allclose(marginals[place], spread[:length], rtol=0, atol=1e-5)
        real = log_p > -np.inf
        np.testing.assert_array_equal(best[place], tags[0, :length])
        np.testing.assert_array_equal(ranked[place].tags[real], tags[real, :length])
        np.testing.assert_allclose(ranked[place].log_p, log_p, atol=1e-4)
    parts = {"network": network.best_of_network}
    if buckets:
        parts["counts"] = network.best_of_counts
    for part, by_part in parts.items():
        found = compiled.best(examples, part)
        for place, (tags,) in expected(lambda padded, by=by_part: (by(padded),)).items():
            np.testing.assert_array_equal(found[place], tags[: LENGTHS[place]])


@pytest.mark.skipif(core.module() is None, reason="there is no native core")
def test_int8_products_are_near_those_of_the_rounded_weights():
    network = network_of(2, 64, words=True)
    with torch.no_grad():
        for weight in network.parameters():
            weight.copy_(torch.from_numpy(fake_quantize(weight.numpy())))
    examples, places = examples_of(64, words=True), range(len(LENGTHS))
    rounded, exact = (
        CompiledTagger(trained_network(network, int8=int8), network.config, LEGAL)
        for int8 in (True, False)
    )
    scores = exact.scores(examples, places)
    error = np.abs(rounded.scores(examples, places) - scores).max()
    assert 0 < error < 0.05 * np.abs(scores).max()


@pytest.mark.parametrize("buckets", [0, 64])
@pytest.mark.parametrize("cell", ["gru", "lstm", "mingru"])
def test_layout_is_that_of_the_module(buckets, cell):
    network = network_of(2, buckets, words=True, cell=cell)
    trained = trained_network(network, int8=False)
    assert trained.cell is not None
    expected = {name: tuple(each.shape) for name, each in network.named_parameters()}
    assert tagger_layout(network.config, len(TAGS), buckets, trained.cell) == expected


def test_no_sentences():
    network = network_of(1, 64, words=True)
    compiled = CompiledTagger(trained_network(network, int8=False), network.config, LEGAL)
    assert compiled.best(SentenceDataset([], WordForms(VOCABULARY), 64)) == []


def test_features_are_counted_as_often_as_they_occur():
    network = network_of(1, 1, words=True)  # one bucket: all features of a word are one
    compiled = CompiledTagger(trained_network(network, int8=False), network.config, LEGAL)
    scores = compiled.scores(examples_of(1, words=True), [0], "counts")
    expected = FEATURES * network.counts.weight.detach().numpy()
    np.testing.assert_allclose(scores, np.repeat(expected, LENGTHS[0], axis=0), rtol=1e-5)
