"""A stream: token by token as the whole, in memory that does not grow, from states that fork."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from elman.cells import CELLS, state_tensors
from elman.decoding.incremental import CHUNK, read
from elman.errors import EmptyTextError
from elman.nn.blocks import StackConfig
from elman.nn.language_model import LanguageModelNetwork
from elman.nn.native_step import step_of
from elman.nn.predictor import NetworkPredictor
from elman.text.tokenizers.tokenizer import BOUNDARY


def kept_bytes(state):
    """What a state keeps in memory: the storage behind each tensor, not only what is seen."""
    return sum(part.untyped_storage().nbytes() for part in state_tensors(state))


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
    expected = NetworkPredictor(model.network_).log_probabilities(ids)
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
    state = network.initial_state(1)
    after = []
    for count in (1, 5, CHUNK, 2000, 2 * CHUNK + 1):
        _, state = read(network, np.arange(count) % 9, state, step_of(network))
        after.append(kept_bytes(state))
        assert kept_bytes(state) == sum(t.numel() * t.element_size() for t in state_tensors(state))
    assert len(set(after)) == 1


@pytest.mark.parametrize("cell", CELLS)
def test_a_text_cut_anywhere_reads_the_same(cell):
    """Also where the pieces in which it is read end."""
    torch.manual_seed(2)
    network = LanguageModelNetwork(
        StackConfig(vocabulary=9, cell=cell, hidden_size=8, layers=2)
    ).eval()
    ids = np.random.default_rng(0).integers(0, 9, 2 * CHUNK + 7)
    step = step_of(network)
    whole, end = read(network, ids, network.initial_state(1), step)
    for length in (1, 300, CHUNK, CHUNK + 1, len(ids) - 1):
        _, state = read(network, ids[:length], network.initial_state(1), step)
        logits, state = read(network, ids[length:], state, step)
        torch.testing.assert_close(logits, whole, atol=1e-4, rtol=1e-4)
        for a, b in zip(state_tensors(state), state_tensors(end), strict=True):
            torch.testing.assert_close(a, b, atol=1e-4, rtol=1e-4)


def test_two_continuations_of_one_state_do_not_disturb_each_other(model):
    _, state = model.step("The dog", model.start())
    before = [part.clone() for part in state_tensors(state)]
    first, left = model.step("sat", state)
    second, right = model.step("looked", state)
    model.step("on", left)
    again, _ = model.step("sat", state)
    assert np.array_equal(first.log_probabilities, again.log_probabilities)
    assert not np.array_equal(first.log_probabilities, second.log_probabilities)
    for part, old in zip(state_tensors(state), before, strict=True):
        assert torch.equal(part, old)
    assert any(
        not torch.equal(a, b)
        for a, b in zip(state_tensors(left), state_tensors(right), strict=True)
    )


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
