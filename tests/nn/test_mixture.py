"""A network beside n-grams: the mixture's definition, its gate, its native step."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from elman.counts.kneser_ney import KneserNey
from elman.counts.ngrams import NGrams
from elman.kernels import core
from elman.nn.compiled.mixture import SMALL_MASS, Gate, Mixture
from elman.nn.compiled.predictor import NetworkPredictor
from elman.nn.config import StackConfig
from elman.nn.language_model import LanguageModelNetwork
from language_models import compiled

V = 19
GATE = Gate((0.3, -0.5, 1.0, -0.2), mass=0.7, entropy=-0.4)


@pytest.fixture(params=core.sets())
def instructions(request):
    with core.using(request.param):
        yield request.param


@pytest.fixture
def network():
    torch.manual_seed(3)
    network = LanguageModelNetwork(StackConfig(V, hidden_size=16, cell="gru")).eval()
    torch.nn.init.normal_(network.output.weight)
    return network


@pytest.fixture
def mixture():
    text = np.random.default_rng(3).integers(0, V, 400) // 2
    return Mixture(NGrams.pruned(KneserNey.train(text, V, 4), 10**9), GATE)


def random_tokens(rows, time):
    return np.random.default_rng(rows).integers(0, V, (rows, time))


def expected_of(network, mixture, tokens):
    """(B, T, V) the probabilities by the formula."""
    with torch.inference_mode():
        logits, _ = network(torch.from_numpy(tokens), network.initial_state(len(tokens)))
    of_network = torch.softmax(logits.double(), -1).numpy()
    expected = np.empty_like(of_network)
    for row, time in np.ndindex(*tokens.shape):
        context = mixture.counts.states(tokens[row, : time + 1])[-1:]
        matched, mass = mixture.counts.evidence(context)
        own = of_network[row, time]
        odds = GATE.bias[matched[0]] + GATE.mass * np.log(mass[0] + SMALL_MASS)
        gate = 1 / (1 + np.exp(-odds + GATE.entropy * (own * np.log(own)).sum()))
        expected[row, time] = gate * own + (1 - gate) * mixture.counts.distribution(context)[0]
    return expected


@pytest.mark.parametrize("rows", [1, 3, 17])
def test_each_step_is_the_formula(network, mixture, instructions, rows):
    tokens = random_tokens(rows, 12)
    expected = np.log(expected_of(network, mixture, tokens))
    reading = compiled(network, mixture)
    assert reading.is_compiled == (instructions != core.OFF)
    state = reading.initial_state(rows)
    stream = reading.stream(reading.initial_state(rows))
    for time in range(tokens.shape[1]):
        log_p, state = reading.step(tokens[:, time], state)
        np.testing.assert_allclose(log_p, expected[:, time], rtol=1e-4, atol=1e-4)
        streamed = stream.read(tokens[:, time])
        np.testing.assert_allclose(streamed, expected[:, time], rtol=1e-4, atol=1e-4)
    for row, contexts in zip(tokens, state[-1], strict=True):
        assert np.array_equal(contexts, mixture.counts.states(row)[-1])


@pytest.mark.parametrize("length", [5, 7, 11])
def test_many_tokens_at_once_are_the_formula(network, mixture, instructions, length):  # noqa: ARG001
    tokens = random_tokens(2, 20)
    expected = np.log(expected_of(network, mixture, tokens))
    reading = compiled(network, mixture)
    first, state = reading.read(list(tokens[:, :length]), reading.initial_state(2))
    last, state = reading.read(list(tokens[:, length:]), state)
    np.testing.assert_allclose(first, expected[:, length - 1], rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(last, expected[:, -1], rtol=1e-4, atol=1e-4)


def test_scores_are_those_of_the_distributions(network, mixture, instructions):  # noqa: ARG001
    ids = random_tokens(1, 50)[0]
    predictor = NetworkPredictor(compiled(network, mixture))
    rows = np.concatenate(list(predictor.distributions(ids, np.arange(1, len(ids)))))
    expected = expected_of(network, mixture, ids[None, :-1])[0]
    np.testing.assert_allclose(rows, expected, rtol=1e-4, atol=1e-6)
    chosen = np.take_along_axis(rows, ids[1:, None], 1)[:, 0]
    np.testing.assert_allclose(predictor.log_probabilities(ids), np.log(chosen), atol=1e-5)


def test_the_gate_learns_whom_to_trust():
    """The network is right where the counts do not know the context, and the counts elsewhere."""
    generator = np.random.default_rng(0)
    matched = generator.integers(0, 3, 2000)
    mass, entropy = generator.uniform(0.1, 1, 2000), generator.uniform(0, 3, 2000)
    good, bad = np.log(0.8), np.log(0.1)
    network = np.where(matched == 0, good, bad)
    counts = np.where(matched == 0, bad, good)
    gate = Gate.fit(3, matched, mass, entropy, network, counts)
    odds = gate.log_odds(matched, mass, entropy)
    share = 1 / (1 + np.exp(-odds))
    assert share[matched == 0].min() > 0.9
    assert share[matched > 0].max() < 0.1
    both = np.log(share * np.exp(network) + (1 - share) * np.exp(counts)).mean()
    assert both > max(network.mean(), counts.mean())
