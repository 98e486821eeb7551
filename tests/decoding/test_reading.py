"""A stream: token by token as the whole, in memory that does not grow, from states that fork."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from elman.cells import CELLS
from elman.errors import EmptyTextError
from elman.nn.config import StackConfig
from elman.nn.language_model import LanguageModelNetwork
from elman.text.tokenizers.tokenizer import BOUNDARY
from language_models import compiled, predictor_of


def kept_bytes(state):
    """What a state keeps in memory: the array behind each part, not only what is seen."""
    return sum((part if part.base is None else part.base).nbytes for part in state)


def tokens_of(text, tokenizer):
    """The text of each token alone, where that is a text which encodes to it again."""
    for token in tokenizer.encode(text).tolist():
        piece = tokenizer.decode([token])
        assert tokenizer.encode(piece).tolist() == [token]
        yield token, piece


def test_a_stream_equals_the_whole(model):
    text = "The dog sat on the old tree. A bird\n looked at the mat; the small"
    text = text.replace("\n ", "\n") if model.tokenizer == "word" else text
    ids = np.concatenate([[BOUNDARY], model.tokenizer_.encode(text)])
    expected = predictor_of(model.network_).log_probabilities(ids)
    state, result, outlook = model.start(), [], None
    for token, piece in tokens_of(text, model.tokenizer_):
        if outlook is not None:
            result.append(outlook.log_probabilities[token])
        outlook, state = model.step(piece, state)
    np.testing.assert_allclose(result, expected[1:], atol=2e-4)


def test_several_tokens_at_once_are_the_same_as_one_by_one(model):
    text = "The dog sat on"
    at_once, _ = model.step(text, model.start())
    state = model.start()
    for _, piece in tokens_of(text, model.tokenizer_):
        one_by_one, state = model.step(piece, state)
    np.testing.assert_allclose(at_once.log_probabilities, one_by_one.log_probabilities, atol=1e-4)


def test_an_outlook_is_a_distribution(model):
    outlook, _ = model.step("The", model.start())
    assert outlook.log_probabilities.shape == (model.tokenizer_.size,)
    assert np.exp(outlook.log_probabilities.astype(np.float64)).sum() == pytest.approx(1, abs=1e-5)


def test_memory_stays_the_same_however_much_is_read(model):
    _, state = model.step("a", model.start())
    first = kept_bytes(state)
    for _ in range(200):
        _, state = model.step("a", state)
    assert kept_bytes(state) == first
    long = "the dog sat. " * 2000
    _, state = model.step(long, state)
    assert kept_bytes(state) == first


@pytest.mark.parametrize("cell", CELLS)
def test_a_state_keeps_nothing_of_what_was_computed_on_the_way(cell):
    network = LanguageModelNetwork(
        StackConfig(vocabulary=9, cell=cell, hidden_size=8, layers=2)
    ).eval()
    reading = compiled(network)
    state = reading.initial_state(1)
    after = []
    for count in (1, 5, 1000, 2000, 2049):
        _, state = reading.read([np.arange(count) % 9], state)
        after.append(kept_bytes(state))
        assert kept_bytes(state) == sum(part.nbytes for part in state)
    assert len(set(after)) == 1


@pytest.mark.parametrize("cell", CELLS)
def test_a_text_cut_anywhere_reads_the_same(cell):
    torch.manual_seed(2)
    network = LanguageModelNetwork(
        StackConfig(vocabulary=9, cell=cell, hidden_size=8, layers=2)
    ).eval()
    ids = np.random.default_rng(0).integers(0, 9, 1000)
    reading = compiled(network)
    whole, end = reading.read([ids], reading.initial_state(1))
    with torch.inference_mode():
        expected, _ = network(torch.from_numpy(ids[None]), network.initial_state(1))
    np.testing.assert_allclose(whole[0], expected[0, -1].numpy(), atol=1e-4, rtol=1e-4)
    for length in (1, 5, 128, 129, 300, len(ids) - 1):
        _, state = reading.read([ids[:length]], reading.initial_state(1))
        logits, state = reading.read([ids[length:]], state)
        np.testing.assert_allclose(logits, whole, atol=1e-4, rtol=1e-4)
        for a, b in zip(state, end, strict=True):
            np.testing.assert_allclose(a, b, atol=1e-4, rtol=1e-4)


def test_two_continuations_of_one_state_do_not_disturb_each_other(model):
    _, state = model.step("The dog", model.start())
    before = [part.copy() for part in state]
    first, left = model.step("sat", state)
    second, right = model.step("looked", state)
    model.step("on", left)
    again, _ = model.step("sat", state)
    assert np.array_equal(first.log_probabilities, again.log_probabilities)
    assert not np.array_equal(first.log_probabilities, second.log_probabilities)
    for part, old in zip(state, before, strict=True):
        assert np.array_equal(part, old)
    assert any(not np.array_equal(a, b) for a, b in zip(left, right, strict=True))


def test_an_empty_text_is_refused(model):
    with pytest.raises(EmptyTextError, match="step: nothing to read"):
        model.step("", model.start())


def test_top_are_the_likeliest_tokens(model):
    outlook, _ = model.step("The", model.start())
    values = outlook.log_probabilities.tolist()
    ranked = sorted(range(len(values)), key=lambda i: (-values[i], i))
    for count in (1, 3, 10):
        expected = [(model.tokenizer_.decode([i]), np.exp(values[i])) for i in ranked[:count]]
        result = outlook.top(count)
        assert [text for text, _ in result] == [text for text, _ in expected]
        assert [share for _, share in result] == pytest.approx([share for _, share in expected])
    assert outlook.top() == outlook.top(3)
