"""Texts side by side: what is read is what was encoded, and answers find their way back."""

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
def test_rows_stand_side_by_side(rows, draw):
    read = TokenDataset([np.array(row, dtype=np.int32) for row in rows])
    assert len(read) == len(rows)
    assert read.tokens == sum(map(len, rows))
    chosen = np.array(draw.choices(range(len(rows)), k=3))
    padded = read.collate(chosen)
    assert padded.words is None
    assert padded.lengths.tolist() == [len(rows[place]) for place in chosen]
    assert len(padded.tokens) == padded.lengths.max()
    for column, place in enumerate(chosen.tolist()):
        length = len(rows[place])
        assert padded.tokens[:length, column].tolist() == rows[place]
        assert not padded.tokens[length:, column].any()
        assert padded.real[:, column, 0].sum() == length
        assert padded.reversed[:length, column].tolist() == rows[place][::-1]


def in_words():
    forms = WordForms(HashedVocabulary.learn(WORDS))
    return forms, TokenDataset([forms.indices(row) for row in WORDS], forms)


def test_of_words_each_is_there_once():
    forms, read = in_words()
    padded = read.collate(np.array([2, 0]))
    words = padded.words
    assert len(words.numbers) == 5  # bc, Bc, e, f and a
    met = words.places[padded.tokens]
    assert met[:, 0].tolist() == forms.indices(WORDS[2]).tolist()
    assert met[:3, 1].tolist() == forms.indices(WORDS[0]).tolist()
    numbers = words.numbers[padded.tokens[:, 0]]
    assert numbers.tolist() == [forms.vocabulary.id_of(word) for word in WORDS[2]]


class Echo(nn.Module):
    """Answers each row's last token."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(()))

    def last(self, padded):
        assert not self.training
        assert torch.is_inference_mode_enabled()
        return padded.tokens.gather(0, padded.lengths[None] - 1)[0]


@pytest.mark.parametrize("training", [True, False])
def test_answers_come_with_their_places(monkeypatch, training):
    monkeypatch.setattr(dataset, "READ_TOGETHER", 3)
    rows = [np.arange(length) for length in (3, 1, 7, 2, 2, 9, 1)]
    network = Echo().train(training)
    found = dict(
        pair
        for chosen, answer in in_batches(network, TokenDataset(rows), network.last)
        for pair in zip(chosen.tolist(), answer.tolist(), strict=True)
    )
    assert found == {place: len(row) - 1 for place, row in enumerate(rows)}
    assert network.training is training


def test_a_network_is_back_in_its_mode_where_answering_fails():
    network = Echo().train()
    with pytest.raises(ZeroDivisionError):
        list(in_batches(network, TokenDataset([np.arange(3)]), lambda _: 1 / 0))
    assert network.training
