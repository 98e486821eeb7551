"""A rewriter's objective: the targets of the chosen sources, however they lie side by side."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from elman.nn.config import Seq2SeqConfig, StackConfig
from elman.nn.seq2seq import EncoderDecoder
from elman.tasks.seq2seq import objective
from elman.tasks.seq2seq.objective import Seq2SeqObjective
from elman.text.tokenizers.tokenizer import BOUNDARY
from elman.training.dataset import TokenDataset, VectorDataset

SOURCES = [[1, 2, 3], [4], [2, 2, 5, 1, 3], [3, 1], [5, 4]]
TARGETS = [[1, 0], [2, 3, 4, 1, 0], [0], [3, 3, 0], [4, 0]]


pytestmark = pytest.mark.usefixtures("exact_products")


def examples(rows):
    return TokenDataset([np.array(row) for row in rows])


def objective_of(vectors=False, smoothing=0.1):
    torch.manual_seed(0)
    order, kind, source = ("vector", "none", 3) if vectors else ("both", "dot", 0)
    blocks = StackConfig(6, hidden_size=8, layers=1, dropout=0.0, tied=True)
    sources = examples(SOURCES)
    if vectors:
        sources = VectorDataset(np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32))
    network = EncoderDecoder(Seq2SeqConfig(blocks, source, kind, order), 0.0)
    return Seq2SeqObjective(
        network, sources, sources, targets=examples(TARGETS), valid_targets=examples(TARGETS),
        tokens=12, smoothing=smoothing, seed=0,
    )  # fmt: skip


def alone(it, index):
    """The sum of a target's losses, and its tokens."""
    chosen = np.array([index])
    targets = it.targets.collate(chosen)
    with torch.no_grad():
        loss = it.network.loss(it.examples.collate(chosen), targets, BOUNDARY, it.smoothing)
    return float(loss) * len(TARGETS[index]), len(TARGETS[index])


@pytest.mark.parametrize("vectors", [False, True])
def test_a_batchs_loss_is_the_mean_of_its_target_tokens(vectors):
    it = objective_of(vectors)
    for step in range(2 * it.sampler.steps_per_epoch):
        loss, tokens = it.loss(step)
        chosen = it.sampler.at(step).tolist()
        of_sources = len(chosen) if vectors else sum(len(SOURCES[index]) for index in chosen)
        assert tokens == of_sources + sum(len(TARGETS[index]) for index in chosen)
        total, count = map(sum, zip(*(alone(it, index) for index in chosen), strict=True))
        assert float(loss.detach()) == pytest.approx(total / count, rel=1e-5)


@pytest.mark.parametrize("vectors", [False, True])
@pytest.mark.parametrize("together", [1, 12, 10_000])
def test_validation_is_the_mean_of_all_target_tokens_however_batched(
    monkeypatch, vectors, together
):
    monkeypatch.setattr(objective, "VALIDATED_TOGETHER", together)
    it = objective_of(vectors)
    it.network.train()
    total, count = map(sum, zip(*(alone(it, index) for index in range(5)), strict=True))
    assert it.validate() == pytest.approx(total / count, rel=1e-5)
    assert it.network.training
