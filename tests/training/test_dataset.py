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
    assert read.symbols == sum(map(len, rows))
    chosen = np.array(draw.choices(range(len(rows)), k=3))
    passages = read.passages(chosen)
    assert passages.words is None
    assert passages.lengths.tolist() == [len(rows[place]) for place in chosen]
    assert len(passages.symbols) == passages.lengths.max()
    for column, place in enumerate(chosen.tolist()):
        length = len(rows[place])
        assert passages.symbols[:length, column].tolist() == rows[place]
        assert not passages.symbols[length:, column].any()
        assert passages.real[:, column, 0].sum() == length
        assert passages.reversed[:length, column].tolist() == rows[place][::-1]


def in_words():
    forms = WordForms(HashedVocabulary.learn(WORDS))
    return forms, TokenDataset([forms.places(row) for row in WORDS], forms)


def test_of_words_each_is_there_once():
    forms, read = in_words()
    passages = read.passages(np.array([2, 0]))
    words = passages.words
    assert len(words.numbers) == 5  # bc, Bc, e, f and a
    met = words.places[passages.symbols]
    assert met[:, 0].tolist() == forms.places(WORDS[2]).tolist()
    assert met[:3, 1].tolist() == forms.places(WORDS[0]).tolist()
    numbers = words.numbers[passages.symbols[:, 0]]
    assert numbers.tolist() == [forms.lexicon.number(word) for word in WORDS[2]]


class Echo(nn.Module):
    """Answers each row's last symbol."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(()))

    def last(self, passages):
        assert not self.training
        assert torch.is_inference_mode_enabled()
        return passages.symbols.gather(0, passages.lengths[None] - 1)[0]


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
