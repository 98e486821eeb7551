"""Leaving out is answering without the token; a gradient is what a longer vector does."""

from __future__ import annotations

import networks
import numpy as np
import pytest
import torch

from elman.explain import attribution
from elman.nn.blocks import StackConfig
from elman.nn.forecaster import MEDIAN
from elman.nn.seq2seq import EncoderDecoder, Seq2SeqConfig
from elman.tasks.forecasting.explain import explain_forecast
from elman.tasks.seq2seq.explain import explain_description
from elman.text.tokenizers.tokenizer import BOUNDARY

STEP = 1e-5


def rests(trace, number=0):
    """Of each output, one reading's rest."""
    return [output.rests[number] for output in trace.outputs]


def taken(trace):
    """The log-probability of what each output rests on, all digits."""
    return np.log([(each.taken or each.answers[0]).probability for each in trace.outputs])


def without(ids, place):
    return np.delete(ids, place)


def log_p_language(network, ids):
    with torch.no_grad():
        logits, _ = network.eval()(torch.tensor(ids)[None], network.initial_state(1))
    return logits[0].log_softmax(1).numpy()


@pytest.mark.parametrize("cell", ["mingru", "lstm", "plain"])
def test_a_language_model_without_a_token(cell):
    network = networks.language(cell)
    ids = np.append(BOUNDARY, networks.IDS)
    trace = networks.trace_of_language(network)
    whole = log_p_language(network, ids)
    answers = [*ids[1:], whole[-1].argmax()]
    np.testing.assert_allclose(taken(trace), whole[range(6), answers])
    for place, rest in enumerate(rests(trace)):
        assert len(rest.gradient) == len(rest.left_out) == place + 1
        for token, lost in enumerate(rest.left_out):
            if place == 0:
                assert np.isnan(lost)
                continue
            left = log_p_language(network, without(ids[: place + 1], token))[-1]
            np.testing.assert_allclose(lost, (whole[place] - left)[answers[place]], atol=1e-9)


def log_p_classes(network, ids):
    with torch.no_grad():
        said, _ = network.eval()(networks.collate(ids))
    return (said[0].double() / 2.0).log_softmax(0).numpy()


@pytest.mark.parametrize("directions", [1, 2])
def test_a_class_without_a_word(directions):
    network = networks.classes(directions)
    ids = networks.IDS
    trace = networks.trace_of_classes(network)
    assert [each.after for each in trace.outputs] == ([0, 1, 2, 3, 4] if directions == 1 else [4])
    for output, rest in zip(trace.outputs, rests(trace), strict=True):
        whole = log_p_classes(network, ids[: output.after + 1])
        answer = int(whole.argmax())
        assert output.taken.text == networks.LABELS[answer]
        np.testing.assert_allclose(output.taken.probability, np.exp(whole[answer]), rtol=1e-5)
        for token, lost in enumerate(rest.left_out):
            if output.after == 0:
                assert np.isnan(lost)
                continue
            left = log_p_classes(network, without(ids[: output.after + 1], token))
            np.testing.assert_allclose(lost, (whole - left)[answer], atol=1e-5)


def marginals(network, ids):
    rows = networks.collate(ids)
    with torch.no_grad():
        found = network.crf.marginals(network.eval()(rows).double(), rows.lengths)[:, 0].exp()
    return np.log(found.numpy() @ np.array([[1, 0], [0, 1], [0, 1]]))


def test_a_tag_without_a_word():
    network, ids = networks.tags(), networks.IDS
    trace = networks.trace_of_tags(network)
    whole = marginals(network, ids)
    best = network.best(networks.collate())[:, 0].numpy()
    for place, (output, rest) in enumerate(zip(trace.outputs, rests(trace), strict=True)):
        answer = [0, 1, 1][best[place]]
        assert output.taken.text == networks.LABELS[answer]
        np.testing.assert_allclose(output.taken.probability, np.exp(whole[place, answer]), 1e-5)
        assert len(rest.left_out) == len(ids)
        for token, lost in enumerate(rest.left_out):
            if token == place:
                assert np.isnan(lost)
                continue
            left = marginals(network, without(ids, token))[place - (token < place)]
            np.testing.assert_allclose(lost, (whole[place] - left)[answer], atol=1e-5)


def log_p_rewrite(network, ids, heard):
    with torch.no_grad():
        begun = network.eval().encode(networks.collate(ids))
        logits, _ = network(torch.tensor(heard)[:, None], begun)
    return logits[:, 0].double().log_softmax(1).numpy()


@pytest.mark.parametrize("order", ["both", "reversed"])
@pytest.mark.parametrize("attention", ["dot", "additive", "none"])
def test_a_rewriting_without_a_token(order, attention):
    network = networks.rewriter(order, attention)
    ids, target = networks.IDS, np.array([259, 258, 257, 0])
    heard = np.append(BOUNDARY, target[:-1])
    trace = networks.trace_of_rewrite(network)
    whole = log_p_rewrite(network, ids, heard)
    np.testing.assert_allclose(taken(trace), whole[range(4), target], atol=1e-5)
    for token in range(len(ids)):
        left = log_p_rewrite(network, without(ids, token), heard)
        lost = [rest.left_out[token] for rest in rests(trace, 0)]
        np.testing.assert_allclose(lost, (whole - left)[range(4), target], atol=1e-5)
    for place in range(1, 4):
        lost = trace.outputs[place].rests[1].left_out
        assert len(lost) == place + 1
        for token, found in enumerate(lost):
            left = log_p_rewrite(network, ids, without(heard[: place + 1], token))[-1]
            np.testing.assert_allclose(found, (whole[place] - left)[target[place]], atol=1e-5)


def slopes(weight, token, explained, step=STEP):
    """How the answers' log-probabilities move as the vector of a token grows."""
    found = []
    kept = weight.detach()[token].clone()
    for sign in (1, -1):
        weight.data[token] = (1 + sign * step) * kept
        found.append(explained())
        weight.data[token] = kept
    return (found[0] - found[1]) / (2 * step)


def gradients(trace, ids, token, number=0):
    """Of each output, over all places where the token stands."""
    return [
        rest.gradient[np.asarray(ids)[: len(rest.gradient)] == token].sum()
        for rest in rests(trace, number)
    ]


@pytest.mark.parametrize(("cell", "components"), networks.EVERYTHING)
def test_gradients_of_a_language_model(cell, components):
    network = networks.language(cell, components)
    ids = np.append(BOUNDARY, networks.IDS)
    trace = networks.trace_of_language(network)
    answers = [*ids[1:], log_p_language(network, ids)[-1].argmax()]
    for token in set(ids.tolist()):
        wanted = slopes(
            network.embedding.weight,
            token,
            lambda: log_p_language(network, ids)[range(6), answers],
        )
        np.testing.assert_allclose(gradients(trace, ids, token), wanted, atol=1e-7)


def test_gradients_of_classes_and_tags():
    for make, explained in (
        (networks.classes, networks.trace_of_classes),
        (networks.tags, networks.trace_of_tags),
    ):
        network = make()
        trace = explained(network)
        names = [output.taken.text for output in trace.outputs]
        for token in set(networks.IDS.tolist()):
            found = np.array(gradients(trace, networks.IDS, token))
            encoders = getattr(network, "encoders", None) or [network.reader]

            def again(network=network, explained=explained, names=names):
                outputs = explained(network).outputs
                return np.array(
                    [
                        np.log(next(a.probability for a in each.answers if a.text == name))
                        for each, name in zip(outputs, names, strict=True)
                    ]
                )

            wanted = sum(slopes(each.embedding.weight, token, again) for each in encoders)
            np.testing.assert_allclose(found, wanted, atol=1e-7)


def test_gradients_of_a_rewriting():
    network = networks.rewriter()
    ids = networks.IDS
    heard = np.array([BOUNDARY, 259, 258, 257])
    # The target's vectors are the output layer's too: that is to stay as it is.
    network.output.weight = torch.nn.Parameter(network.output.weight.detach().clone())
    trace = networks.trace_of_rewrite(network)
    sides = ((network.source_embedding.weight, ids), (network.embedding.weight, heard))
    for number, (weight, read) in enumerate(sides):
        for token in set(read.tolist()):
            # Attention's shares are float32: a smaller step would be lost in their rounding.
            wanted = slopes(
                weight, token, lambda: taken(networks.trace_of_rewrite(network)), step=1e-3
            )
            found = gradients(trace, read, token, number)
            np.testing.assert_allclose(found, wanted, atol=1e-3)


def describer():
    architecture = StackConfig(networks.V, "gru", hidden_size=8, layers=1)
    rewriting = Seq2SeqConfig(architecture, source=3, attention="none", order="vector")
    network = networks.seeded(EncoderDecoder, rewriting, 0.5)
    network.fit_input_scaling(torch.tensor([[0.0, 2, 4], [1, 5, 4], [2, 5, 5]]))
    return network


def test_a_description_by_its_numbers():
    network, target = describer(), np.array([258, 0])
    vector = np.array([3.0, 1.0, 4.5], dtype=np.float64)

    def log_p(vector):
        return taken(explain_description(network, vector, target, networks.TOKENIZER))

    trace = explain_description(network, vector, target, networks.TOKENIZER)
    assert trace.readings[0].tokens == ("3", "1", "4.5")
    assert trace.readings[0].layers == ()
    mean = network.encoder.center.numpy()
    for place in range(3):
        other = vector.copy()
        other[place] = mean[place]
        lost = [rest.left_out[place] for rest in rests(trace)]
        np.testing.assert_allclose(lost, log_p(vector) - log_p(other), atol=1e-9)
        move = STEP * (vector - mean) * np.eye(3)[place]
        wanted = (log_p(vector + move) - log_p(vector - move)) / (2 * STEP)
        found = [rest.gradient[place] for rest in rests(trace)]
        np.testing.assert_allclose(found, wanted, atol=1e-7)


def test_a_forecast_by_its_values():
    network = networks.forecaster().eval()
    values = np.random.default_rng(0).normal(10, 2, 12)

    def medians(values):
        with torch.no_grad():
            return network(torch.from_numpy(values)[None])[0, :, MEDIAN].numpy()

    trace = explain_forecast(network, values, np.zeros((4, 5)))
    history, steps = trace.readings
    assert len(history.tokens) == 12
    assert steps.tokens == (*history.tokens[-6:], "+1", "+2", "+3", "+4")
    assert [output.after for output in trace.outputs] == [6, 7, 8, 9]
    for place in range(12):
        usual = values[place - 3 if place >= 3 else place + 3]
        other = values.copy()
        other[place] = usual
        lost = [rest.left_out[place] for rest in rests(trace)]
        np.testing.assert_allclose(lost, medians(values) - medians(other), atol=1e-6)
        move = 1e-3 * (values[place] - usual) * np.eye(12)[place]
        wanted = (medians(values + move) - medians(values - move)) / 2e-3
        found = [rest.gradient[place] for rest in rests(trace)]
        np.testing.assert_allclose(found, wanted, atol=1e-3)


def test_a_few_rows_at_a_time_are_all_of_them(monkeypatch):
    network = networks.rewriter()
    together = networks.trace_of_rewrite(network)
    monkeypatch.setattr(attribution, "ROOM", 1)
    one_by_one = networks.trace_of_rewrite(network)
    for number in (0, 1):
        for ours, theirs in zip(rests(together, number), rests(one_by_one, number), strict=True):
            np.testing.assert_allclose(ours.gradient, theirs.gradient, atol=1e-12)
            np.testing.assert_allclose(ours.left_out, theirs.left_out, atol=1e-12)
