"""What a trace says of states and gates is what the network's cells do, one step after another."""

from __future__ import annotations

import networks
import numpy as np
import pytest
import torch

from elman.cells import CELLS
from elman.explain.cell import explain_cell
from elman.text.tokenizers.tokenizer import BOUNDARY

WAYS = pytest.mark.parametrize(("cell", "components"), networks.EVERYTHING)


def stepped(network, ids):
    """Each block's cell state after each token."""
    state, found = network.initial_state(1), []
    for token in ids:
        _, state = network(torch.tensor([[token]]), state)
        found.append([block.cell for block in state])
    return found


@WAYS
def test_states_are_those_of_steps(cell, components):
    network = networks.language(cell, components).eval()
    trace = networks.trace_of_language(network)
    with torch.no_grad():
        steps = stepped(network, [BOUNDARY, *networks.IDS])
    (reading,) = trace.readings
    assert reading.tokens == ("", *networks.TEXT)
    assert [layer.layer for layer in reading.layers] == [1, 2]
    for number, layer in enumerate(reading.layers):
        assert list(layer.states) == list(steps[0][number]._fields)
        for name, strip in layer.states.items():
            wanted = [getattr(step[number], name).reshape(-1).numpy() for step in steps]
            np.testing.assert_allclose(strip, np.stack(wanted), atol=1e-12)


def before(strip):
    return np.concatenate([np.zeros_like(strip[:1]), strip[:-1]])


def lstm(states, gates, _):
    assert list(gates) == ["i", "f", "g", "o"]
    kept = gates["f"] * before(states["c"]) + gates["i"] * gates["g"]
    assert gates["i"].min() > 0 > gates["g"].min()
    np.testing.assert_allclose(states["c"], kept)
    np.testing.assert_allclose(states["h"], gates["o"] * np.tanh(states["c"]))


def gru(states, gates, _):
    assert list(gates) == ["r", "z", "n"]
    assert 0 < gates["r"].min() < gates["r"].max() < 1
    mixed = (1 - gates["z"]) * gates["n"] + gates["z"] * before(states["h"])
    np.testing.assert_allclose(states["h"], mixed)


def mingru(states, gates, _):
    assert list(gates) == ["z", "n"]
    mixed = gates["z"] * gates["n"] + (1 - gates["z"]) * before(states["h"])
    np.testing.assert_allclose(states["h"], mixed)


def clockwork(states, gates, _):
    moved = gates["moved"]
    periods = np.repeat([1, 2, 4, 8], 2)
    np.testing.assert_array_equal(moved, np.arange(len(moved))[:, None] % periods == 0)
    np.testing.assert_array_equal(states["time"][:, 0], np.arange(1, len(moved) + 1))
    stood = before(states["h"])[moved == 0]
    np.testing.assert_array_equal(states["h"][moved == 0], stood)


def plain(states, gates, output):
    assert not gates
    assert list(states) == ["hidden"]
    i2o = output["i2o"]
    shares = np.exp(output["log_softmax"])
    np.testing.assert_allclose(shares.sum(1), 1)
    np.testing.assert_allclose(shares, np.exp(i2o) / np.exp(i2o).sum(1, keepdims=True))


def elman(states, gates, output):
    assert not gates
    assert not output
    assert np.abs(states["h"]).max() > 0


CHECKS = {
    "lstm": lstm,
    "gru": gru,
    "mingru": mingru,
    "clockwork": clockwork,
    "plain": plain,
    "elman": elman,
    "elman-relu": elman,
}


@WAYS
def test_gates_are_those_of_the_formulas(cell, components):
    trace = networks.trace_of_language(networks.language(cell, components))
    for layer in trace.readings[0].layers:
        CHECKS[cell](layer.states, layer.gates, layer.output)


def test_the_reset_gate_is_the_grus():
    """It alone is not seen in the state's own formula."""
    torch.manual_seed(1)
    cell = CELLS["gru"](3, 4).double()
    xs = torch.randn(2, 3, dtype=torch.float64)
    layer = explain_cell(cell, xs).readings[0].layers[0]
    h = torch.from_numpy(layer.states["h"][0])
    r, _, n = (gate[1] for gate in layer.gates.values())
    weight, bias = cell.i2h.weight.detach(), cell.i2h.bias.detach()
    into = (weight @ xs[1] + bias)[8:].numpy()
    hidden = (cell.h2h.weight @ h + cell.h2h.bias).detach()[8:].numpy()
    np.testing.assert_allclose(n, np.tanh(into + r * hidden))


def test_a_layer_that_reads_from_the_end_stands_in_the_order_of_the_text():
    network = networks.classes(2)
    layers = networks.trace_of_classes(network).readings[0].layers
    assert [layer.direction for layer in layers] == ["forward"] * 2 + ["backward"] * 2
    forward, backward = layers[:2], layers[2:]
    encoder = network.encoders[0]
    encoder.stacks[0], encoder.stacks[1] = encoder.stacks[1], encoder.stacks[0]
    turned = networks.trace_of_classes(network, networks.IDS[::-1].copy()).readings[0].layers
    assert [layer.direction for layer in turned] == ["forward"] * 2 + ["backward"] * 2
    for ours, theirs in zip([*backward, *forward], turned, strict=True):
        assert ours.layer == theirs.layer
        for name, strip in ours.states.items():
            np.testing.assert_allclose(strip[::-1], theirs.states[name], atol=1e-12)
        np.testing.assert_allclose(ours.memory.sensitivity[0], 1)


@pytest.mark.parametrize(
    ("order", "ways"),
    [
        ("forward", ["forward"] * 2),
        ("reversed", ["backward"] * 2),
        ("both", ["forward", "backward"] * 2),
    ],
)
def test_an_encoders_layers_and_its_decoders(order, ways):
    network = networks.rewriter(order)
    trace = networks.trace_of_rewrite(network)
    source, target = trace.readings
    assert [layer.direction for layer in source.layers] == ways
    assert [layer.direction for layer in target.layers] == ["forward"] * 2
    assert target.tokens == ("", "c", "b", "a")
    heard = []
    for block in network.encoder.blocks:
        block.mixer.register_forward_hook(lambda *given: heard.append(given[-1][1].cell.h))
    network.eval()
    with torch.no_grad():
        written = network.encode(networks.collate())
        _, after = network(torch.tensor([[0], [259], [258], [257]]), written)
    for number, layer in enumerate(source.layers):
        last = -1 if layer.direction == "forward" else 0
        np.testing.assert_allclose(layer.states["h"][last], heard[number][0], atol=1e-12)
    for block, layer in zip(after.state, target.layers, strict=True):
        np.testing.assert_allclose(layer.states["h"][-1], block.cell.h[0], atol=1e-12)


def test_attention_is_the_networks():
    network = networks.rewriter()
    attention = networks.trace_of_rewrite(network).attention
    network.eval()
    with torch.no_grad():
        read = torch.tensor([[0], [259], [258], [257]])
        _, looks, _ = network.attend(read, network.encode(networks.collate()))
    np.testing.assert_allclose(attention.weights, looks[0])
    np.testing.assert_allclose(attention.weights.sum(1), 1)
    assert networks.trace_of_rewrite(networks.rewriter(attention="none")).attention is None
