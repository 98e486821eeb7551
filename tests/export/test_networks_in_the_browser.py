"""Every cell and every part has the same outputs in the browser as here, token by token."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from elman.cells import CELLS

from .conftest import COMPONENTS, language_model

TOKENS = [0, *range(257, 270), 5, 265, 258, 1, 0, 260] * 2
LOGITS = """
    let state = model.network.initialState(), rows = [];
    for (const token of given) {
      const [logits, after] = model.network.step(token, state);
      rows.push(Array.from(logits)); state = after;
    }
    return rows;
"""


def tokens(model):
    return [token % model.tokenizer_.size for token in TOKENS]


def logits(model):
    network = model.network_
    with torch.inference_mode():
        result, _ = network(torch.tensor([tokens(model)]), network.initial_state(1))
    return result[0].numpy()


def agree(shown, model):
    result = np.array(shown(model, LOGITS, tokens(model)))
    expected = logits(model)
    assert expected.std(0).max() > 0.01  # they depend on what was read
    np.testing.assert_allclose(result, expected, atol=1e-4, rtol=0)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("parts", [(), COMPONENTS])
def test_each_cell(shown, cell, parts):
    agree(shown, language_model(cell=cell, components=parts))


@pytest.mark.parametrize("part", COMPONENTS)
@pytest.mark.parametrize("cell", ["mingru", "lstm"])
def test_each_part_alone(shown, cell, part):
    agree(shown, language_model(cell=cell, components=(part,)))


@pytest.mark.parametrize("part", COMPONENTS)
def test_all_parts_but_one(shown, part):
    agree(shown, language_model(cell="gru", components=tuple(set(COMPONENTS) - {part})))


def test_one_matrix_as_embedding_and_output(shown):
    model = language_model("subword")
    assert model.network_.config.tied
    agree(shown, model)


@pytest.mark.parametrize("width", [1, 2, 3, 5, 21])
@pytest.mark.parametrize("cell", ["lstm", "elman"])
def test_widths_that_no_loop_divides(shown, cell, width):
    agree(shown, language_model(cell=cell, hidden_size=width))


@pytest.mark.parametrize("cell", CELLS)
def test_weights_of_8_bits(shown, cell):
    model = language_model(cell=cell)
    before = logits(model)
    model.to_int8()
    assert np.abs(logits(model) - before).max() > 1e-3  # they were rounded
    agree(shown, model)
