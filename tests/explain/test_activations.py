"""States and gates of a trace are those of the cells, stepped one token at a time."""

from __future__ import annotations

import networks
import numpy as np
import pytest
import torch

from elman.cells import CELLS
from elman.explain.cell import explain_cell
from elman.text.tokenizers.tokenizer import BOUNDARY

VARIANTS = pytest.mark.parametrize(("cell", "components"), networks.VARIANTS)


def stepped(network, ids):
    """The cell state of each block after each token."""
    state, states = network.initial_state(1), []
    for token in ids:
        _, state = network(torch.tensor([[token]]), state)
        states.append([block.cell for block in state])
    return states


@VARIANTS
def test_states_equal_those_of_single_steps(cell, components):
    network = networks.language(cell, components).eval()
    trace = networks.trace_of_language(network)
    with torch.no_grad():
        steps = stepped(network, [BOUNDARY, *networks.IDS])
    (sequence,) = trace.sequences
    assert sequence.tokens == ("", *networks.TEXT)
    assert [layer.layer for layer in sequence.layers] == [1, 2]
    for number, layer in enumerate(sequence.layers):
        assert list(layer.states) == list(steps[0][number]._fields)
        for name, values in layer.states.items():
            expected = [getattr(step[number], name).reshape(-1).numpy() for step in steps]
            np.testing.assert_allclose(values, np.stack(expected), atol=1e-12)


def before(values):
    """The values one step earlier, zero at the first."""
    return np.concatenate([np.zeros_like(values[:1]), values[:-1]])


def lstm(states, gates, _):
    assert list(gates) == ["i", "f", "g", "o"]
    memory = gates["f"] * before(states["c"]) + gates["i"] * gates["g"]
    assert gates["i"].min() > 0 > gates["g"].min()
    np.testing.assert_allclose(states["c"], memory)
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
    unchanged = before(states["h"])[moved == 0]
    np.testing.assert_array_equal(states["h"][moved == 0], unchanged)


def plain(states, gates, output):
    assert not gates
    assert list(states) == ["hidden"]
    i2o = output["i2o"]
    probabilities = np.exp(output["log_softmax"])
    np.testing.assert_allclose(probabilities.sum(1), 1)
    np.testing.assert_allclose(probabilities, np.exp(i2o) / np.exp(i2o).sum(1, keepdims=True))


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


@VARIANTS
def test_gates_satisfy_the_formulas_of_the_cell(cell, components):
    trace = networks.trace_of_language(networks.language(cell, components))
    for layer in trace.sequences[0].layers:
        CHECKS[cell](layer.states, layer.gates, layer.output)


def test_reset_gate_of_a_gru():
    """The formula of the state does not contain it."""
    torch.manual_seed(1)
    cell = CELLS["gru"](3, 4).double()
    xs = torch.randn(2, 3, dtype=torch.float64)
    layer = explain_cell(cell, xs).sequences[0].layers[0]
    h = torch.from_numpy(layer.states["h"][0])
    r, _, n = (gate[1] for gate in layer.gates.values())
    weight, bias = cell.i2h.weight.detach(), cell.i2h.bias.detach()
    into = (weight @ xs[1] + bias)[8:].numpy()
    hidden = (cell.h2h.weight @ h + cell.h2h.bias).detach()[8:].numpy()
    np.testing.assert_allclose(n, np.tanh(into + r * hidden))


def test_backward_layers_are_in_the_order_of_the_text():
    network = networks.classes(2)
    layers = networks.trace_of_classes(network).sequences[0].layers
    assert [layer.direction for layer in layers] == ["forward"] * 2 + ["backward"] * 2
    forward, backward = layers[:2], layers[2:]
    encoder = network.encoders[0]
    encoder.stacks[0], encoder.stacks[1] = encoder.stacks[1], encoder.stacks[0]
    swapped = networks.trace_of_classes(network, networks.IDS[::-1].copy()).sequences[0].layers
    assert [layer.direction for layer in swapped] == ["forward"] * 2 + ["backward"] * 2
    for layer, other in zip([*backward, *forward], swapped, strict=True):
        assert layer.layer == other.layer
        for name, values in layer.states.items():
            np.testing.assert_allclose(values[::-1], other.states[name], atol=1e-12)
        np.testing.assert_allclose(layer.memory.sensitivity[0], 1)


@pytest.mark.parametrize(
    ("order", "directions"),
    [
        ("forward", ["forward"] * 2),
        ("reversed", ["backward"] * 2),
        ("both", ["forward", "backward"] * 2),
    ],
)
def test_layers_of_encoder_and_decoder(order, directions):
    network = networks.translator(order)
    trace = networks.trace_of_translation(network)
    source, target = trace.sequences
    assert [layer.direction for layer in source.layers] == directions
    assert [layer.direction for layer in target.layers] == ["forward"] * 2
    assert target.tokens == ("", "c", "b", "a")
    outputs = []
    for block in network.encoder.blocks:
        block.mixer.register_forward_hook(lambda *call: outputs.append(call[-1][1].cell.h))
    network.eval()
    with torch.no_grad():
        encoded = network.encode(networks.collate())
        _, after = network(torch.tensor([[0], [259], [258], [257]]), encoded)
    for number, layer in enumerate(source.layers):
        last = -1 if layer.direction == "forward" else 0
        np.testing.assert_allclose(layer.states["h"][last], outputs[number][0], atol=1e-12)
    for block, layer in zip(after.state, target.layers, strict=True):
        np.testing.assert_allclose(layer.states["h"][-1], block.cell.h[0], atol=1e-12)


def test_attention_weights_are_those_of_the_network():
    network = networks.translator()
    attention = networks.trace_of_translation(network).attention
    network.eval()
    with torch.no_grad():
        inputs = torch.tensor([[0], [259], [258], [257]])
        _, weights, _ = network.attend(inputs, network.encode(networks.collate()))
    np.testing.assert_allclose(attention.weights, weights[0])
    np.testing.assert_allclose(attention.weights.sum(1), 1)
    assert networks.trace_of_translation(networks.translator(attention="none")).attention is None
