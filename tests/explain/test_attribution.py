"""Occlusion equals a forward pass without the token, gradients equal finite differences."""

from __future__ import annotations

import networks
import numpy as np
import pytest
import torch

from elman.explain import attribution
from elman.nn.config import MEDIAN, Seq2SeqConfig, StackConfig
from elman.nn.seq2seq import EncoderDecoder
from elman.tasks.forecasting.explain import explain_forecast
from elman.tasks.seq2seq.explain import explain_description
from elman.text.tokenizers.tokenizer import BOUNDARY

STEP = 1e-5


def attributions(trace, sequence=0):
    """The attribution of each output to one sequence."""
    return [output.attributions[sequence] for output in trace.outputs]


def target_log_p(trace):
    """The log-probability that each output explains, with all digits."""
    return np.log([(each.target or each.predictions[0]).probability for each in trace.outputs])


def without(ids, index):
    return np.delete(ids, index)


def log_p_language(network, ids):
    with torch.no_grad():
        logits, _ = network.eval()(torch.tensor(ids)[None], network.initial_state(1))
    return logits[0].log_softmax(1).numpy()


@pytest.mark.parametrize("cell", ["mingru", "lstm", "plain"])
def test_occlusion_of_a_language_model(cell):
    network = networks.language(cell)
    ids = np.append(BOUNDARY, networks.IDS)
    trace = networks.trace_of_language(network)
    log_p = log_p_language(network, ids)
    targets = [*ids[1:], log_p[-1].argmax()]
    np.testing.assert_allclose(target_log_p(trace), log_p[range(6), targets])
    for index, each in enumerate(attributions(trace)):
        assert len(each.gradient_x_input) == len(each.occlusion) == index + 1
        for token, drop in enumerate(each.occlusion):
            if index == 0:
                assert np.isnan(drop)
                continue
            remaining = log_p_language(network, without(ids[: index + 1], token))[-1]
            np.testing.assert_allclose(drop, (log_p[index] - remaining)[targets[index]], atol=1e-9)


def log_p_classes(network, ids):
    with torch.no_grad():
        logits, _ = network.eval()(networks.collate(ids))
    return (logits[0].double() / 2.0).log_softmax(0).numpy()


@pytest.mark.parametrize("directions", [1, 2])
def test_occlusion_of_a_classifier(directions):
    network = networks.classes(directions)
    ids = networks.IDS
    trace = networks.trace_of_classes(network)
    assert [each.after for each in trace.outputs] == ([0, 1, 2, 3, 4] if directions == 1 else [4])
    for output, each in zip(trace.outputs, attributions(trace), strict=True):
        log_p = log_p_classes(network, ids[: output.after + 1])
        target = int(log_p.argmax())
        assert output.target.text == networks.LABELS[target]
        np.testing.assert_allclose(output.target.probability, np.exp(log_p[target]), rtol=1e-5)
        for token, drop in enumerate(each.occlusion):
            if output.after == 0:
                assert np.isnan(drop)
                continue
            remaining = log_p_classes(network, without(ids[: output.after + 1], token))
            np.testing.assert_allclose(drop, (log_p - remaining)[target], atol=1e-5)


def marginals(network, ids):
    rows = networks.collate(ids)
    with torch.no_grad():
        log_p = network.crf.marginals(network.eval()(rows).double(), rows.lengths)[:, 0]
    return np.log(log_p.exp().numpy() @ np.array([[1, 0], [0, 1], [0, 1]]))


def test_occlusion_of_a_tagger():
    network, ids = networks.tags(), networks.IDS
    trace = networks.trace_of_tags(network)
    log_p = marginals(network, ids)
    best = network.best(networks.collate())[:, 0].numpy()
    for index, (output, each) in enumerate(zip(trace.outputs, attributions(trace), strict=True)):
        target = [0, 1, 1][best[index]]
        assert output.target.text == networks.LABELS[target]
        np.testing.assert_allclose(output.target.probability, np.exp(log_p[index, target]), 1e-5)
        assert len(each.occlusion) == len(ids)
        for token, drop in enumerate(each.occlusion):
            if token == index:
                assert np.isnan(drop)
                continue
            remaining = marginals(network, without(ids, token))[index - (token < index)]
            np.testing.assert_allclose(drop, (log_p[index] - remaining)[target], atol=1e-5)


def log_p_translation(network, ids, inputs):
    with torch.no_grad():
        encoded = network.eval().encode(networks.collate(ids))
        logits, _ = network(torch.tensor(inputs)[:, None], encoded)
    return logits[:, 0].double().log_softmax(1).numpy()


@pytest.mark.parametrize("order", ["both", "reversed"])
@pytest.mark.parametrize("attention", ["dot", "additive", "none"])
def test_occlusion_of_a_translator(order, attention):
    network = networks.translator(order, attention)
    ids, target = networks.IDS, np.array([259, 258, 257, 0])
    inputs = np.append(BOUNDARY, target[:-1])
    trace = networks.trace_of_translation(network)
    log_p = log_p_translation(network, ids, inputs)
    np.testing.assert_allclose(target_log_p(trace), log_p[range(4), target], atol=1e-5)
    for token in range(len(ids)):
        remaining = log_p_translation(network, without(ids, token), inputs)
        drop = [each.occlusion[token] for each in attributions(trace, 0)]
        np.testing.assert_allclose(drop, (log_p - remaining)[range(4), target], atol=1e-5)
    for index in range(1, 4):
        drop = trace.outputs[index].attributions[1].occlusion
        assert len(drop) == index + 1
        for token, each in enumerate(drop):
            remaining = log_p_translation(network, ids, without(inputs[: index + 1], token))[-1]
            np.testing.assert_allclose(each, (log_p[index] - remaining)[target[index]], atol=1e-5)


def finite_differences(weight, token, log_p, step=STEP):
    """Derivative of log-probabilities by the relative length of the vector of a token."""
    values = []
    vector = weight.detach()[token].clone()
    for sign in (1, -1):
        weight.data[token] = (1 + sign * step) * vector
        values.append(log_p())
        weight.data[token] = vector
    return (values[0] - values[1]) / (2 * step)


def gradients(trace, ids, token, sequence=0):
    """Gradient times input of each output, summed over all positions of the token."""
    return [
        each.gradient_x_input[np.asarray(ids)[: len(each.gradient_x_input)] == token].sum()
        for each in attributions(trace, sequence)
    ]


@pytest.mark.parametrize(("cell", "components"), networks.VARIANTS)
def test_gradients_of_a_language_model(cell, components):
    network = networks.language(cell, components)
    ids = np.append(BOUNDARY, networks.IDS)
    trace = networks.trace_of_language(network)
    targets = [*ids[1:], log_p_language(network, ids)[-1].argmax()]
    for token in set(ids.tolist()):
        expected = finite_differences(
            network.embedding.weight,
            token,
            lambda: log_p_language(network, ids)[range(6), targets],
        )
        np.testing.assert_allclose(gradients(trace, ids, token), expected, atol=1e-7)


def test_gradients_of_a_classifier_and_a_tagger():
    for make, trace_of in (
        (networks.classes, networks.trace_of_classes),
        (networks.tags, networks.trace_of_tags),
    ):
        network = make()
        trace = trace_of(network)
        names = [output.target.text for output in trace.outputs]
        for token in set(networks.IDS.tolist()):
            actual = np.array(gradients(trace, networks.IDS, token))
            encoders = getattr(network, "encoders", None) or [network.encoder]

            def log_p(network=network, trace_of=trace_of, names=names):
                outputs = trace_of(network).outputs
                return np.array(
                    [
                        np.log(next(a.probability for a in each.predictions if a.text == name))
                        for each, name in zip(outputs, names, strict=True)
                    ]
                )

            expected = sum(
                finite_differences(each.embedding.weight, token, log_p) for each in encoders
            )
            np.testing.assert_allclose(actual, expected, atol=1e-7)


def test_gradients_of_a_translator():
    network = networks.translator()
    ids = networks.IDS
    inputs = np.array([BOUNDARY, 259, 258, 257])
    # Untie the output layer from the target embedding, so that only inputs move.
    network.output.weight = torch.nn.Parameter(network.output.weight.detach().clone())
    trace = networks.trace_of_translation(network)
    embeddings = ((network.source_embedding.weight, ids), (network.embedding.weight, inputs))
    for sequence, (weight, tokens) in enumerate(embeddings):
        for token in set(tokens.tolist()):
            # Attention weights are float32: rounding would hide a smaller step.
            expected = finite_differences(
                weight,
                token,
                lambda: target_log_p(networks.trace_of_translation(network)),
                step=1e-3,
            )
            actual = gradients(trace, tokens, token, sequence)
            np.testing.assert_allclose(actual, expected, atol=1e-3)


def describer():
    stack = StackConfig(networks.V, "gru", hidden_size=8, layers=1)
    config = Seq2SeqConfig(stack, source=3, attention="none", order="vector")
    network = networks.initialized(EncoderDecoder, config, 0.5)
    network.fit_input_scaling(torch.tensor([[0.0, 2, 4], [1, 5, 4], [2, 5, 5]]))
    return network


def test_attributions_to_the_numbers_of_a_vector():
    network, target = describer(), np.array([258, 0])
    vector = np.array([3.0, 1.0, 4.5], dtype=np.float64)

    def log_p(vector):
        return target_log_p(explain_description(network, vector, target, networks.TOKENIZER))

    trace = explain_description(network, vector, target, networks.TOKENIZER)
    assert trace.sequences[0].tokens == ("3", "1", "4.5")
    assert trace.sequences[0].layers == ()
    mean = network.encoder.center.numpy()
    for index in range(3):
        other = vector.copy()
        other[index] = mean[index]
        drop = [each.occlusion[index] for each in attributions(trace)]
        np.testing.assert_allclose(drop, log_p(vector) - log_p(other), atol=1e-9)
        shift = STEP * (vector - mean) * np.eye(3)[index]
        expected = (log_p(vector + shift) - log_p(vector - shift)) / (2 * STEP)
        actual = [each.gradient_x_input[index] for each in attributions(trace)]
        np.testing.assert_allclose(actual, expected, atol=1e-7)


def test_attributions_to_the_values_of_a_series():
    network = networks.forecaster().eval()
    values = np.random.default_rng(0).normal(10, 2, 12)

    def medians(values):
        with torch.no_grad():
            return network(torch.from_numpy(values)[None])[0, :, MEDIAN].numpy()

    trace = explain_forecast(network, values, np.zeros((4, 5)))
    history, steps = trace.sequences
    assert len(history.tokens) == 12
    assert steps.tokens == (*history.tokens[-6:], "+1", "+2", "+3", "+4")
    assert [output.after for output in trace.outputs] == [6, 7, 8, 9]
    for index in range(12):
        reference = values[index - 3 if index >= 3 else index + 3]
        other = values.copy()
        other[index] = reference
        drop = [each.occlusion[index] for each in attributions(trace)]
        np.testing.assert_allclose(drop, medians(values) - medians(other), atol=1e-6)
        shift = 1e-3 * (values[index] - reference) * np.eye(12)[index]
        expected = (medians(values + shift) - medians(values - shift)) / 2e-3
        actual = [each.gradient_x_input[index] for each in attributions(trace)]
        np.testing.assert_allclose(actual, expected, atol=1e-3)


def test_small_batches_give_equal_attributions(monkeypatch):
    network = networks.translator()
    whole = networks.trace_of_translation(network)
    monkeypatch.setattr(attribution, "MAX_NUMBERS", 1)
    batched = networks.trace_of_translation(network)
    for sequence in (0, 1):
        for one, other in zip(
            attributions(whole, sequence), attributions(batched, sequence), strict=True
        ):
            np.testing.assert_allclose(one.gradient_x_input, other.gradient_x_input, atol=1e-12)
            np.testing.assert_allclose(one.occlusion, other.occlusion, atol=1e-12)
