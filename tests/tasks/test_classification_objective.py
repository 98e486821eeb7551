"""The objectives of a classifier: labels, and the word to come."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional

from elman.nn.classifier import ClassifierNetwork
from elman.nn.config import EncoderConfig, StackConfig
from elman.nn.encoder import Encoder
from elman.nn.pretraining import PretrainingHead
from elman.tasks.classification.objective import ClassificationObjective, class_logits
from elman.text.subword_hashing import BUCKETS, HashedVocabulary, WordForms
from elman.training import dataset
from elman.training.dataset import TokenDataset
from elman.training.pretraining import PretrainingObjective

ROWS = [[1, 2, 3], [4], [2, 2, 5, 1, 3], [3, 1], [5, 4]]
CLASSES = np.array([0, 2, 1, 1, 0])
BLOCKS = StackConfig(6, hidden_size=8, layers=1, dropout=0.0)


pytestmark = pytest.mark.usefixtures("exact_products")


def class_objective(weights=None, smoothing=0.0, validation_metric=lambda *_: 0.0, of_texts=None):
    torch.manual_seed(0)
    network = ClassifierNetwork(EncoderConfig(BLOCKS), 3, 0.0)
    read = TokenDataset([np.array(row) for row in ROWS])
    return ClassificationObjective(
        network, read, read, classes=CLASSES, valid_classes=CLASSES, batch_size=2, seed=0,
        validation_metric=validation_metric, class_weights=weights, sample_weights=of_texts,
        smoothing=smoothing,
    )  # fmt: skip


def alone(objective, index):
    with torch.no_grad():
        return objective.network(objective.examples.collate(np.array([index])))[0][0]


@pytest.mark.parametrize("weights", [None, torch.tensor([0.5, 1.0, 2.0])])
@pytest.mark.parametrize("of_texts", [None, torch.tensor([0.5, 1.5, 0.0, 2.0, 1.0])])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_the_loss_of_labels_is_weighted_and_smoothed(weights, of_texts, smoothing):
    """Szegedy et al. 2016, section 7: of the target, a share is spread over all classes."""
    objective = class_objective(weights, smoothing, of_texts=of_texts)
    of_class = torch.ones(3) if weights is None else weights
    for step in range(6):
        loss, tokens = objective.loss(step)
        chosen = objective.sampler.at(step).tolist()
        assert tokens == sum(len(ROWS[index]) for index in chosen)
        total = norm = 0.0
        for index in chosen:
            target = (1 - smoothing) * functional.one_hot(torch.tensor(CLASSES[index]), 3)
            target = (target + smoothing / 3) * of_class
            loss_of_text = float((target * alone(objective, index).log_softmax(0)).sum())
            total -= loss_of_text * (1 if of_texts is None else float(of_texts[index]))
            norm += float(of_class[CLASSES[index]])
        assert float(loss.detach()) == pytest.approx(total / norm, rel=1e-5)


def test_logits_come_in_the_order_of_the_examples(monkeypatch):
    monkeypatch.setattr(dataset, "EVAL_BATCH_SIZE", 2)
    heard = []
    objective = class_objective(
        validation_metric=lambda logits, classes: heard.append((logits, classes)) or 0.25
    )
    result = class_logits(objective.network, objective.examples)
    assert result.dtype == np.float32
    for index in range(len(ROWS)):
        assert result[index] == pytest.approx(alone(objective, index).numpy(), abs=1e-5)
    assert objective.validate() == 0.25
    ((logits, classes),) = heard
    assert np.array_equal(logits, result)
    assert classes is CLASSES


def word_objective(texts, valid=None, rows=4):
    forms = WordForms(HashedVocabulary.learn(texts))
    parts = [[forms.indices(text) for text in part] for part in (texts, valid or texts)]
    torch.manual_seed(0)
    reader = Encoder(
        EncoderConfig(StackConfig(forms.vocabulary.size, hidden_size=8, layers=1), 2, BUCKETS), 0.0
    )
    learned, held_out = (TokenDataset(part, forms) for part in parts)
    return PretrainingObjective(PretrainingHead(reader), learned, held_out, batch_size=rows, seed=0)


def test_a_words_chance_is_how_often_it_is_in_a_batch():
    """Against batches drawn by hand: of as many words, each drawn from the whole text."""
    generator = np.random.default_rng(0)
    text = generator.choice([*"abcdefgh"], p=np.array([40, 20, 10, 8, 8, 7, 5, 2]) / 100, size=400)
    objective = word_objective([list(text[start : start + 10]) for start in range(0, 400, 10)])
    padded = objective.examples.collate(objective.sampler.at(0))
    drawn = generator.choice(text, size=(20_000, int(padded.lengths.sum())))
    forms = objective.examples.forms
    words = sorted(set(text), key=lambda word: forms.indices([word])[0])
    for index, log_chance in zip(
        padded.words.form_indices.tolist(),
        objective.log_inclusion_probability(padded).tolist(),
        strict=True,
    ):
        there = (drawn == words[index]).any(axis=1).mean()
        assert np.exp(log_chance) == pytest.approx(there, abs=0.015)


def test_a_word_only_held_out_has_a_small_chance_and_no_infinite_one():
    objective = word_objective([["a", "b", "a", "c"]] * 4, valid=[["a", "new", "b"]])
    padded = objective.valid.collate(np.array([0]))
    chances = objective.log_inclusion_probability(padded)
    assert chances.isfinite().all()
    assert chances.argmin() == 2  # indices are in the order in which words were met
    assert np.isfinite(objective.validate())


def test_one_word_over_and_over_is_certain_to_be_there():
    objective = word_objective([["a"] * 9] * 4)
    assert objective.log_inclusion_probability(
        objective.examples.collate(np.array([0]))
    ).tolist() == [0.0]


def test_tokens_are_all_there_always():
    torch.manual_seed(0)
    read = TokenDataset([np.array(row) for row in ROWS if len(row) > 1])
    objective = PretrainingObjective(
        PretrainingHead(Encoder(EncoderConfig(BLOCKS), 0.0)), read, read, batch_size=2, seed=0
    )
    padded = read.collate(np.array([0, 1]))
    assert objective.log_inclusion_probability(padded).tolist() == [0.0] * 6
    loss, tokens = objective.loss(0)
    chosen = objective.sampler.at(0)
    torch.testing.assert_close(loss, objective.network(read.collate(chosen), torch.zeros(6)))
    assert tokens == sum(len(read.rows[index]) for index in chosen)
