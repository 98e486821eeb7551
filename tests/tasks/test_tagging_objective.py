"""The lesson of a tagger: its loss is the network's, and its judge hears every row in order."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from elman.nn.blocks import StackConfig
from elman.nn.crf import Transitions
from elman.nn.encoder import EncoderConfig
from elman.nn.tagger import TaggerNetwork
from elman.tasks.tagging.objective import TaggingObjective, best_tags
from elman.training import dataset
from elman.training.dataset import TokenDataset
from elman.training.plan import Plan
from elman.training.trainer import train

ROWS = [[1, 2, 3], [4], [2, 2, 5, 1, 3], [3, 1], [5, 4]]
TAGS = [np.array(row) % 3 for row in ROWS]


@pytest.fixture
def lesson():
    torch.manual_seed(0)
    ones = (torch.ones(shape, dtype=torch.bool) for shape in ((3,), (3, 3), (3,)))
    blocks = StackConfig(6, width=12, layers=1, dropout=0.0)
    network = TaggerNetwork(EncoderConfig(blocks, 2), Transitions(*ones), 0.0)
    read = TokenDataset([np.array(row) for row in ROWS])

    def judge(found):
        lesson.heard = found
        return float(sum((ours != theirs).sum() for ours, theirs in zip(found, TAGS, strict=True)))

    lesson = TaggingObjective(network, read, read, tags=TAGS, judge=judge, rows=2, seed=0)
    return lesson


def test_the_loss_is_that_of_the_rows_of_the_step(lesson):
    for step in range(6):
        loss, symbols = lesson.loss(step)
        chosen = lesson.passes.at(step)
        passages = lesson.examples.passages(chosen)
        tags = torch.zeros(passages.symbols.shape, dtype=torch.long)
        for column, place in enumerate(chosen.tolist()):
            tags[: len(TAGS[place]), column] = torch.tensor(TAGS[place])
        assert symbols == sum(len(ROWS[place]) for place in chosen)
        torch.testing.assert_close(
            loss, lesson.network.loss(passages, tags), atol=0.02, rtol=0.02
        )  # products may be in bfloat16


def test_tags_come_in_the_order_of_the_examples(lesson, monkeypatch):
    monkeypatch.setattr(dataset, "READ_TOGETHER", 2)
    found = best_tags(lesson.network, lesson.examples)
    assert [len(row) for row in found] == [len(row) for row in ROWS]
    for place, row in enumerate(found):
        alone = best_tags(lesson.network, TokenDataset([lesson.examples.rows[place]]))
        assert row.tolist() == alone[0].tolist()
    assert lesson.validate() == sum((a != b).sum() for a, b in zip(found, TAGS, strict=True))
    assert all(np.array_equal(a, b) for a, b in zip(lesson.heard, found, strict=True))


def test_it_can_be_learned(lesson):
    assert lesson.validate() > 0
    *_, last = train(lesson, Plan(minutes=None, steps=60, learning_rate=1e-2))
    assert last.best_loss == lesson.validate() == 0


def test_of_nothing_there_are_no_tags(lesson):
    assert best_tags(lesson.network, TokenDataset([])) == []
