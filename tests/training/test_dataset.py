"""Datasets: batches hold the encoded tokens; outputs come with their indices."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from elman.text.subword_hashing import HashedVocabulary, WordForms
from elman.training import dataset
from elman.training.dataset import TokenDataset, in_batches

WORDS = [["a", "bc", "a"], ["d"], ["bc", "Bc", "e", "f", "a"], ["a", "a"]]


@given(
    rows=st.lists(st.lists(st.integers(0, 99), min_size=1, max_size=7), min_size=1, max_size=6),
    draw=st.randoms(use_true_random=False),
)
def test_batch_holds_the_rows(rows, draw):
    examples = TokenDataset([np.array(row, dtype=np.int32) for row in rows])
    assert len(examples) == len(rows)
    assert examples.tokens == sum(map(len, rows))
    chosen = np.array(draw.choices(range(len(rows)), k=3))
    padded = examples.collate(chosen)
    assert padded.words is None
    assert padded.lengths.tolist() == [len(rows[index]) for index in chosen]
    assert len(padded.tokens) == padded.lengths.max()
    for column, index in enumerate(chosen.tolist()):
        length = len(rows[index])
        assert padded.tokens[:length, column].tolist() == rows[index]
        assert not padded.tokens[length:, column].any()
        assert padded.real[:, column, 0].sum() == length
        assert padded.reversed[:length, column].tolist() == rows[index][::-1]


def in_words():
    forms = WordForms(HashedVocabulary.learn(WORDS))
    return forms, TokenDataset([forms.indices(row) for row in WORDS], forms)


def test_batch_of_words_holds_each_word_once():
    forms, examples = in_words()
    padded = examples.collate(np.array([2, 0]))
    words = padded.words
    assert len(words.ids) == 5  # bc, Bc, e, f and a
    indices = words.form_indices[padded.tokens]
    assert indices[:, 0].tolist() == forms.indices(WORDS[2]).tolist()
    assert indices[:3, 1].tolist() == forms.indices(WORDS[0]).tolist()
    ids = words.ids[padded.tokens[:, 0]]
    assert ids.tolist() == [forms.vocabulary.id_of(word) for word in WORDS[2]]


class Echo(nn.Module):
    """Returns the last token of each row."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(()))

    def last(self, padded):
        assert not self.training
        assert torch.is_inference_mode_enabled()
        return padded.tokens.gather(0, padded.lengths[None] - 1)[0]


@pytest.mark.parametrize("training", [True, False])
def test_outputs_come_with_their_indices(monkeypatch, training):
    monkeypatch.setattr(dataset, "EVAL_BATCH_SIZE", 3)
    rows = [np.arange(length) for length in (3, 1, 7, 2, 2, 9, 1)]
    network = Echo().train(training)
    outputs = dict(
        pair
        for chosen, output in in_batches(network, TokenDataset(rows), network.last)
        for pair in zip(chosen.tolist(), output.tolist(), strict=True)
    )
    assert outputs == {index: len(row) - 1 for index, row in enumerate(rows)}
    assert network.training is training


def test_mode_of_the_network_is_restored_after_an_error():
    network = Echo().train()
    with pytest.raises(ZeroDivisionError):
        list(in_batches(network, TokenDataset([np.arange(3)]), lambda _: 1 / 0))
    assert network.training
