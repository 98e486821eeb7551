"""Training of a classifier: choice of the tokenizer, pretraining, learning the labels.

Shapes: N texts, K classes.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from elman.errors import EmptyTextError
from elman.metrics.calibration import fit_temperature
from elman.nn.classifier import ClassifierNetwork
from elman.nn.pretraining import PretrainingHead
from elman.tasks.classification.config import (
    RECIPES,
    SMOOTHING,
    ClassifierSettings,
    encoder_of,
)
from elman.tasks.classification.inputs import LabelledTexts
from elman.tasks.classification.objective import ClassificationObjective
from elman.tasks.classification.preview import ClassPreviews, loss_of_frequencies
from elman.tasks.classification.weighting import weights_of_classes, weights_of_texts
from elman.tasks.file_size import Division, Shape, built_network, divided
from elman.tasks.run import Run
from elman.tasks.tokenization import ENCODER_TOKENIZERS, encoded, learned_tokenizer, with_progress
from elman.text.progress import ProgressCallback
from elman.text.subword_hashing import HashedVocabulary, WordForms, buckets_of
from elman.training.checkpoint import identity_of
from elman.training.dataset import TokenDataset
from elman.training.eval_mode import seeded
from elman.training.events import Event, Finished, Progress
from elman.training.plan import Plan
from elman.training.pretraining import PretrainingObjective
from elman.training.stages import Stage
from elman.training.timing import seconds_a_step
from elman.training.trainer import train

TRIAL_FRACTION = 0.04  # of the budget, for the trial of each tokenizer
PRETRAINING_FRACTION = 0.75  # of the rest, for pretraining if there is unlabelled text
PIECE_LENGTH = 200  # tokens of a pretraining example
PRETRAINING_BATCH_SIZE = 64
PRETRAINING_DROPOUT = 0.1
MAX_PRETRAINING_VALID = 500  # pieces
FINE_TUNING_RATE = 2e-3  # learning rate after pretraining: low, to keep what was learned
FINE_TUNING_EPOCHS = 4  # fewer are needed after pretraining

ENSEMBLE_SIZE = 3
"""The most members; with a budget in minutes, as many as can be trained for all epochs."""

SMALL_DATA = 1_000_000  # training tokens up to which steps train an ensemble
STEP_MARGIN = 1.3  # of a step's time, for the optimiser, validations and the counts

LONG_TEXT = 300  # characters in the mean from which no network of characters is tried
LEARNED = 0.9  # a trial with more of the loss of the classes' frequencies has learned nothing
WORDS_OF_SINGLE = 1.5  # words of the median text up to which texts count as single words

MAX_TOKENS = 16_000_000
"""Limit of labelled tokens over all epochs: on long texts, more epochs overfit to details such as
names."""

TOKENS_PER_BATCH = 8_000  # approximately

LABELS, PRETRAINING = "learning the labels", "reading unlabelled"


@dataclass(frozen=True)
class ClassifierData:
    """The data of a classifier.

    Args:
        train: training set.
        valid: validation set.
        unlabelled: texts of the same kind for pretraining.
    """

    train: LabelledTexts
    valid: LabelledTexts
    unlabelled: Sequence[str] = ()


class ClassifierTrainer:
    """Vocabulary, network and training stages of a classifier.

    Args:
        material: the data.
        settings: of the classifier.
        tokenizer: name of the tokenizer.
        progress: called with the step, the characters read, and their total.
        fraction: of the budget that the training has, 0 to 1.
        members: of the ensemble; None: as many as the budget allows.
    """

    def __init__(
        self,
        material: ClassifierData,
        settings: ClassifierSettings,
        tokenizer: str,
        progress: ProgressCallback | None = None,
        *,
        fraction: float = 1.0,
        members: int | None = None,
    ) -> None:
        self.settings = settings
        self.recipe = RECIPES[tokenizer]
        self.material = material
        every = [*material.train.texts, *material.unlabelled] if settings.has_network else []
        self.tokenizer = learned_tokenizer(
            tokenizer, with_progress(every, f"learning {tokenizer}s", progress)
        )
        shape = self._divided(ENSEMBLE_SIZE if members is None else members).shape
        self.settings = shape.settings
        if isinstance(self.tokenizer, HashedVocabulary):
            self.tokenizer = HashedVocabulary(self.tokenizer.words, shape.buckets)
        forms = WordForms(self.tokenizer) if isinstance(self.tokenizer, HashedVocabulary) else None

        def read(texts: Sequence[str], which: str) -> TokenDataset:
            return encoded(
                with_progress(texts, f"reading {which}", progress), self.tokenizer, forms
            )

        self.examples = read(material.train.texts, "the texts")
        self.valid = read(material.valid.texts, "those held out")
        self.unlabelled = read(material.unlabelled, "those without labels")
        self.network = self._built(1)
        if members is None:
            members = self._ensemble_size(fraction, shape.members)
        if members > 1:
            self.network = self._built(members)
        self.counts_bytes = self._divided(members).counts

    def _divided(self, members: int) -> Division[ClassifierSettings]:
        """The size of the file, divided for an ensemble of at most as many members."""
        return divided(
            Shape(self.settings, buckets_of(self.tokenizer), members),
            self.recipe.hidden_size,
            self._network_of,
            vocabulary=[self.tokenizer.to_json(), self.material.train.labels],
        )

    def _built(self, members: int) -> ClassifierNetwork:
        shape = Shape(self.settings, buckets_of(self.tokenizer), members)
        network: ClassifierNetwork = built_network(self._network_of, shape)
        return network

    def _network_of(self, shape: Shape[ClassifierSettings]) -> ClassifierNetwork:
        return ClassifierNetwork(
            dataclasses.replace(encoder_of(shape.settings, self.tokenizer), buckets=shape.buckets),
            len(self.material.train.labels),
            self.recipe.dropout_of(shape.settings),
            shape.members,
        )

    def _ensemble_size(self, fraction: float, most: int) -> int:
        """As many members as there is time for all epochs of; with a budget in steps an ensemble
        if there is little data."""
        if most == 1 or len(self.unlabelled) or not self.settings.has_network:
            return 1
        if self.settings.steps is not None:
            return most if self.examples.tokens <= SMALL_DATA else 1
        plan = self.label_plan(fraction)
        assert plan.minutes is not None
        assert plan.max_steps is not None
        step = seconds_a_step(self.label_objective(), self.settings.seed)
        seconds = STEP_MARGIN * plan.max_steps * step
        affordable = plan.minutes * 60 / seconds
        return max(1, min(most, int(affordable)))

    def stages(self, fraction: float) -> list[Stage]:
        """The stages of the training, within a fraction of the budget."""
        rows, valid = self.material.train, self.material.valid
        preview = ClassPreviews(
            self.network, rows.labels, rows.classes, valid.texts, self.valid, valid.classes
        )
        if not len(self.unlabelled):
            return [
                Stage(LABELS, self.label_objective(), self.label_plan(fraction), fraction, preview)
            ]
        first, second = fraction * PRETRAINING_FRACTION, fraction * (1 - PRETRAINING_FRACTION)
        # Time rarely suffices to overfit to unlabelled text, so its steps are not limited.
        pretraining = dataclasses.replace(self.label_plan(first), max_steps=None)
        fine_tuning = dataclasses.replace(self.label_plan(second), learning_rate=FINE_TUNING_RATE)
        return [
            Stage(PRETRAINING, self._pretraining_objective(), pretraining, first),
            Stage(LABELS, self.label_objective(), fine_tuning, second, preview),
        ]

    def label_plan(self, fraction: float) -> Plan:
        """The plan for learning the labels, within a fraction of the budget."""
        epochs = FINE_TUNING_EPOCHS if len(self.unlabelled) else self.recipe.epochs
        epochs = min(epochs, max(1, MAX_TOKENS // self.examples.tokens))
        recipe = dataclasses.replace(self.recipe, epochs=epochs, batch_size=self._batch_size())
        max_steps = recipe.steps_of(len(self.examples))
        return recipe.plan_of(self.settings, max_steps=max_steps, fraction=fraction)

    def _batch_size(self) -> int:
        """Smaller for long texts."""
        mean = self.examples.tokens / len(self.examples)
        return min(self.recipe.batch_size, max(8, int(TOKENS_PER_BATCH / mean)))

    def label_objective(self) -> ClassificationObjective:
        rows, valid = self.material.train, self.material.valid
        of_classes, of_texts = weights_of_classes(self.settings, rows), weights_of_texts(rows)
        return ClassificationObjective(
            self.network,
            self.examples,
            self.valid,
            classes=rows.classes,
            valid_classes=valid.classes,
            validation_metric=calibrated_loss,
            class_weights=None if of_classes is None else torch.from_numpy(of_classes),
            sample_weights=None if of_texts is None else torch.from_numpy(of_texts),
            smoothing=SMOOTHING,
            batch_size=self._batch_size(),
            seed=self.settings.seed,
        )

    def _pretraining_objective(self) -> PretrainingObjective:
        pieces = [
            piece
            for source in (self.unlabelled, self.examples)
            for row in source.rows
            for piece in np.array_split(row, -(-len(row) // PIECE_LENGTH))
            if len(piece) > 1
        ]
        if len(pieces) < 2:
            raise EmptyTextError(
                "no text has two words, so there is no next word to predict",
                location="unlabelled",
                hint="Give it longer texts, or leave it out.",
            )
        order = np.random.default_rng(self.settings.seed).permutation(len(pieces))
        count = max(1, min(MAX_PRETRAINING_VALID, len(pieces) // 10))
        examples, valid = (
            TokenDataset([pieces[index] for index in part.tolist()], self.examples.forms)
            for part in (order[count:], order[:count])
        )
        with seeded(self.settings.seed):
            head = PretrainingHead(self.network.encoders[0], PRETRAINING_DROPOUT)
        return PretrainingObjective(
            head, examples, valid, batch_size=PRETRAINING_BATCH_SIZE, seed=self.settings.seed
        )


def tokenizers_to_try(material: ClassifierData) -> list[str]:
    """The names of the tokenizers that are tried: no characters where texts are long."""
    characters = sum(map(len, material.train.texts)) / len(material.train.texts)
    names = list(ENCODER_TOKENIZERS)
    if characters > LONG_TEXT:
        names.remove("character")
    return names


def choose_tokenizer(
    material: ClassifierData, settings: ClassifierSettings, run: Run
) -> Iterator[Event | str]:
    """Train with each tokenizer for a small part of the budget; characters of long texts aside.

    Yields:
        Events, and at last the name of the tokenizer with the lowest validation loss; if no trial
        has learned anything in its time, characters for single words, and words for other texts.
        There is no trial without a network, nor where the run's checkpoint holds the choice.

    Raises:
        KeyboardInterrupt: a trial was interrupted, or `stop` returned true; there is no model yet.
    """
    begun = {} if run.checkpoint is None else identity_of(run.checkpoint)
    chosen = begun.get("chosen") if settings.has_network else "word"
    if chosen in ENCODER_TOKENIZERS:
        yield chosen
        return
    losses = {}
    plain = dataclasses.replace(material, unlabelled=())
    for number, name in enumerate(tokenizers_to_try(material)):
        trial = ClassifierTrainer(plain, settings, name, run.progress, members=1)
        plan = trial.label_plan(TRIAL_FRACTION)
        for event in train(trial.label_objective(), plan, stop=run.stop):
            if isinstance(event, Progress):
                done = TRIAL_FRACTION * (number + event.done)
                yield dataclasses.replace(event, done=done, phase=f"trying {name}s")
            elif isinstance(event, Finished):
                losses[name] = event.best_loss
                if event.interrupted:
                    raise KeyboardInterrupt
    best = min(losses, key=lambda name: losses[name])
    rows, valid = material.train, material.valid
    chance = loss_of_frequencies(rows.classes, valid.classes, len(rows.labels))
    if losses[best] > LEARNED * chance:
        words = float(np.median([len(text.split()) for text in rows.texts]))
        best = "character" if words <= WORDS_OF_SINGLE else "word"
    yield best


def calibrated_loss(logits: np.ndarray[Any, Any], classes: np.ndarray[Any, Any]) -> float:
    """Cross-entropy in nats of logits (N, K) and classes (N,), at the best temperature.

    Calibration corrects overconfidence later, so it must not influence the choice of weights.
    """
    temperature = fit_temperature(logits, classes)
    log_p = torch.from_numpy(logits / temperature).double().log_softmax(1).numpy()
    return -float(log_p[np.arange(len(classes)), classes].mean())
