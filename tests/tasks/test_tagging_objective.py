"""The objective of a tagger: the network's loss, and a validation metric of every row in order."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from elman.nn.config import EncoderConfig, StackConfig
from elman.nn.crf import Transitions
from elman.nn.tagger import TaggerNetwork
from elman.tasks.tagging.objective import TaggingObjective, best_tags
from elman.training import dataset
from elman.training.dataset import TokenDataset
from elman.training.plan import Plan
from elman.training.trainer import train

ROWS = [[1, 2, 3], [4], [2, 2, 5, 1, 3], [3, 1], [5, 4]]
TAGS = [np.array(row) % 3 for row in ROWS]


@pytest.fixture
def objective():
    torch.manual_seed(0)
    ones = (torch.ones(shape, dtype=torch.bool) for shape in ((3,), (3, 3), (3,)))
    blocks = StackConfig(6, hidden_size=12, layers=1, dropout=0.0)
    network = TaggerNetwork(EncoderConfig(blocks, 2), Transitions(*ones), 0.0)
    read = TokenDataset([np.array(row) for row in ROWS])

    def validation_metric(result):
        objective.heard = result
        return float(sum((ours != theirs).sum() for ours, theirs in zip(result, TAGS, strict=True)))

    objective = TaggingObjective(
        network, read, read, tags=TAGS, validation_metric=validation_metric, batch_size=2, seed=0
    )
    return objective


def test_the_loss_is_that_of_the_rows_of_the_step(objective):
    for step in range(6):
        loss, tokens = objective.loss(step)
        chosen = objective.sampler.at(step)
        padded = objective.examples.collate(chosen)
        tags = torch.zeros(padded.tokens.shape, dtype=torch.long)
        for column, index in enumerate(chosen.tolist()):
            tags[: len(TAGS[index]), column] = torch.tensor(TAGS[index])
        assert tokens == sum(len(ROWS[index]) for index in chosen)
        torch.testing.assert_close(
            loss, objective.network.loss(padded, tags), atol=0.02, rtol=0.02
        )  # products may be in bfloat16


def test_tags_come_in_the_order_of_the_examples(objective, monkeypatch):
    monkeypatch.setattr(dataset, "EVAL_BATCH_SIZE", 2)
    result = best_tags(objective.network, objective.examples)
    assert [len(row) for row in result] == [len(row) for row in ROWS]
    for index, row in enumerate(result):
        alone = best_tags(objective.network, TokenDataset([objective.examples.rows[index]]))
        assert row.tolist() == alone[0].tolist()
    assert objective.validate() == sum((a != b).sum() for a, b in zip(result, TAGS, strict=True))
    assert all(np.array_equal(a, b) for a, b in zip(objective.heard, result, strict=True))


def test_it_can_be_learned(objective):
    assert objective.validate() > 0
    *_, last = train(objective, Plan(minutes=None, steps=60, learning_rate=1e-2))
    assert last.best_loss == objective.validate() == 0


def test_of_nothing_there_are_no_tags(objective):
    assert best_tags(objective.network, TokenDataset([])) == []
