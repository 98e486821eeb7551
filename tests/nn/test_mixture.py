"""A network beside n-grams: the mixture's definition, its gate, its native step."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from elman.counts.kneser_ney import KneserNey
from elman.counts.ngrams import NGrams
from elman.kernels import core
from elman.nn.blocks import StackConfig
from elman.nn.language_model import LanguageModelNetwork
from elman.nn.mixture import SMALL_MASS, Gate, Mixture, MixtureState
from elman.nn.native_step import CompiledStep, step_of, stream_of
from elman.nn.predictor import NetworkPredictor

V = 19
GATE = Gate((0.3, -0.5, 1.0, -0.2), mass=0.7, entropy=-0.4)


@pytest.fixture(params=core.sets())
def instructions(request):
    with core.using(request.param):
        yield request.param


@pytest.fixture
def mixture():
    torch.manual_seed(3)
    text = np.random.default_rng(3).integers(0, V, 400) // 2
    network = LanguageModelNetwork(StackConfig(V, hidden_size=16, cell="gru")).eval()
    torch.nn.init.normal_(network.output.weight)
    return Mixture(network, NGrams.pruned(KneserNey.train(text, V, 4), 10**9), GATE)


def random_tokens(rows, time):
    return torch.randint(0, V, (rows, time), generator=torch.Generator().manual_seed(rows))


def test_it_is_the_formula(mixture):
    tokens = random_tokens(1, 40)
    with torch.inference_mode():
        log_p, _ = mixture(tokens, mixture.initial_state(1))
        logits, _ = mixture.network(tokens, mixture.network.initial_state(1))
    network = torch.softmax(logits[0].double(), -1).numpy()
    counts = mixture.counts
    for time in range(tokens.shape[1]):
        context = counts.states(tokens[0, : time + 1].numpy())[-1:]
        matched, mass = counts.evidence(context)
        entropy = -(network[time] * np.log(network[time])).sum()
        odds = GATE.bias[matched[0]] + GATE.mass * np.log(mass[0] + SMALL_MASS)
        gate = 1 / (1 + np.exp(-odds - GATE.entropy * entropy))
        expected = gate * network[time] + (1 - gate) * counts.distribution(context)[0]
        np.testing.assert_allclose(log_p[0, time].exp().numpy(), expected, rtol=1e-4)


@pytest.mark.parametrize("rows", [1, 3, 17])
def test_the_step_is_the_whole_sequence(mixture, instructions, rows):
    tokens = random_tokens(rows, 12)
    step = step_of(mixture)
    assert isinstance(step, CompiledStep) == (instructions != core.OFF)
    with torch.inference_mode():
        expected, last = mixture(tokens, mixture.initial_state(rows))
    state, stream = mixture.initial_state(rows), stream_of(step, mixture.initial_state(rows))
    for time in range(tokens.shape[1]):
        log_p, state = step(tokens[:, time], state)
        torch.testing.assert_close(log_p, expected[:, time], rtol=1e-4, atol=1e-4)
        streamed = torch.from_numpy(stream.read(tokens[:, time].numpy()).copy())
        torch.testing.assert_close(streamed, expected[:, time], rtol=1e-4, atol=1e-4)
    assert isinstance(state, MixtureState)
    assert torch.equal(state.contexts, last.contexts)


def test_a_sequence_in_parts_is_the_sequence(mixture):
    tokens = random_tokens(2, 20)
    with torch.inference_mode():
        whole, last = mixture(tokens, mixture.initial_state(2))
        first, state = mixture(tokens[:, :7], mixture.initial_state(2))
        rest, state = mixture(tokens[:, 7:], state)
    torch.testing.assert_close(torch.cat([first, rest], 1), whole, rtol=1e-4, atol=1e-4)
    assert torch.equal(state.contexts, last.contexts)


def test_scores_are_those_of_the_distributions(mixture):
    ids = random_tokens(1, 50)[0].numpy()
    predictor = NetworkPredictor(mixture)
    rows = np.concatenate(list(predictor.distributions(ids, np.arange(1, len(ids)))))
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
    odds = gate.log_odds(matched, mass, torch.from_numpy(entropy)).numpy()
    share = 1 / (1 + np.exp(-odds))
    assert share[matched == 0].min() > 0.9
    assert share[matched > 0].max() < 0.1
    both = np.log(share * np.exp(network) + (1 - share) * np.exp(counts)).mean()
    assert both > max(network.mean(), counts.mean())
