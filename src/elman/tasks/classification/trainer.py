"""How a classifier learns: it chooses its tokenizer, reads unlabelled text, then learns the labels.

Shapes: N texts, K classes.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from elman.errors import EmptyTextError
from elman.metrics.calibration import fit_temperature
from elman.nn.classifier import ClassifierNetwork
from elman.nn.pretraining import PretrainingHead
from elman.tasks.classification.config import (
    BALANCED,
    RECIPES,
    SMOOTHING,
    ClassifierSettings,
    encoder_of,
)
from elman.tasks.classification.inputs import LabelledTexts
from elman.tasks.classification.objective import ClassificationObjective
from elman.tasks.classification.preview import ClassPreviews
from elman.tasks.tokenization import ENCODER_TOKENIZERS, encoded, learned_tokenizer, told
from elman.text.progress import ProgressCallback
from elman.text.subword_hashing import HashedVocabulary, WordForms
from elman.training.dataset import TokenDataset
from elman.training.eval_mode import seeded
from elman.training.events import Event, Finished, Progress
from elman.training.plan import Plan
from elman.training.pretraining import PretrainingObjective
from elman.training.stages import Stage
from elman.training.trainer import train

TRIAL = 0.04  # share of the budget that each tokenizer is tried for
TRIALS = TRIAL * len(ENCODER_TOKENIZERS)
LANGUAGE = 0.75  # share of the rest that unlabelled text has, where there is some
PIECE = 200  # tokens of unlabelled text that are read together
LANGUAGE_ROWS = 64
LANGUAGE_DROPOUT = 0.1
LANGUAGE_VALID = 500  # pieces
LEARNED_RATE = 2e-3  # of a reader that knows the language: it should not forget it
LEARNED_PASSES = 4  # and it learns the labels sooner

ENSEMBLE_SIZE = 3
LITTLE = 1_000_000  # tokens to learn from
HURRY = 1.0  # minutes; with fewer, one network learned better than three half learned

MAX_READ = 16_000_000
"""Labelled tokens, over all passes: of long texts more teach by heart what they are about
(the names in a film), and not what is said of it."""

MAX_TOGETHER = 8_000  # tokens of a batch, about

LABELS, PRETRAINING = "learning the labels", "reading unlabelled"


@dataclass(frozen=True)
class ClassifierData:
    """What a classifier learns from.

    Args:
        train: to learn from; valid: to choose by.
        unlabelled: texts of the same kind without labels.
    """

    train: LabelledTexts
    valid: LabelledTexts
    unlabelled: Sequence[str] = ()


class ClassifierTrainer:
    """A classifier on its way: vocabulary, network, and the objectives that are ahead of it.

    Args:
        tokenizer: of its vocabulary, by name.
        progress: hears how the texts are read: the step, the characters done, all of them.
    """

    def __init__(
        self,
        material: ClassifierData,
        settings: ClassifierSettings,
        tokenizer: str,
        progress: ProgressCallback | None = None,
    ) -> None:
        self.settings = settings
        self.recipe = RECIPES[tokenizer]
        every = [*material.train.texts, *material.unlabelled]
        self.tokenizer = learned_tokenizer(
            tokenizer, told(every, f"learning {tokenizer}s", progress)
        )
        forms = WordForms(self.tokenizer) if isinstance(self.tokenizer, HashedVocabulary) else None

        def read(texts: Sequence[str], which: str) -> TokenDataset:
            return encoded(told(texts, f"reading {which}", progress), self.tokenizer, forms)

        self.examples = read(material.train.texts, "the texts")
        self.valid = read(material.valid.texts, "those held out")
        self.unlabelled = read(material.unlabelled, "those without labels")
        self.material = material
        with seeded(settings.seed):
            self.network = ClassifierNetwork(
                encoder_of(settings, self.tokenizer),
                len(material.train.labels),
                self.recipe.dropout_of(settings),
                self._members(),
            )

    def _members(self) -> int:
        """Several where there is little to read, and time for it; else one has enough to do."""
        settings = self.settings
        hurried = settings.steps is None and settings.minutes < HURRY
        little = self.examples.tokens <= LITTLE and not len(self.unlabelled)
        return ENSEMBLE_SIZE if little and not hurried else 1

    def phases(self, share: float) -> list[Stage]:
        """What is ahead, within a share of the budget."""
        rows, valid = self.material.train, self.material.valid
        show = ClassPreviews(
            self.network, rows.labels, rows.classes, valid.texts, self.valid, valid.classes
        )
        if not len(self.unlabelled):
            return [Stage(LABELS, self.label_objective(), self.label_plan(share), share, show)]
        first, then = share * LANGUAGE, share * (1 - LANGUAGE)
        # Of unlabelled text there is seldom so much time that it would be known by heart.
        language = dataclasses.replace(self.label_plan(first), max_steps=None)
        gently = dataclasses.replace(self.label_plan(then), learning_rate=LEARNED_RATE)
        return [
            Stage(PRETRAINING, self._language_objective(), language, first),
            Stage(LABELS, self.label_objective(), gently, then, show),
        ]

    def label_plan(self, share: float) -> Plan:
        passes = LEARNED_PASSES if len(self.unlabelled) else self.recipe.passes
        passes = min(passes, max(1, MAX_READ // self.examples.tokens))
        recipe = dataclasses.replace(self.recipe, passes=passes, rows=self._rows())
        max_steps = recipe.steps_of(len(self.examples))
        return recipe.plan_of(self.settings, max_steps=max_steps, fraction=share)

    def _rows(self) -> int:
        """Of a batch: long texts come fewer at a time."""
        mean = self.examples.tokens / len(self.examples)
        return min(self.recipe.rows, max(8, int(MAX_TOGETHER / mean)))

    def label_objective(self) -> ClassificationObjective:
        rows, valid = self.material.train, self.material.valid
        balanced = self.settings.class_weight == BALANCED
        return ClassificationObjective(
            self.network,
            self.examples,
            self.valid,
            classes=rows.classes,
            valid_classes=valid.classes,
            validation_metric=calibrated_loss,
            weights=class_weights(rows.classes, len(rows.labels)) if balanced else None,
            smoothing=SMOOTHING,
            batch_size=self._rows(),
            seed=self.settings.seed,
        )

    def _language_objective(self) -> PretrainingObjective:
        pieces = [
            piece
            for source in (self.unlabelled, self.examples)
            for row in source.rows
            for piece in np.array_split(row, -(-len(row) // PIECE))
            if len(piece) > 1
        ]
        if len(pieces) < 2:
            raise EmptyTextError(
                "no text has two words, so there is none to come",
                location="unlabelled",
                hint="Give it longer texts, or leave it out.",
            )
        order = np.random.default_rng(self.settings.seed).permutation(len(pieces))
        held = max(1, min(LANGUAGE_VALID, len(pieces) // 10))
        examples, valid = (
            TokenDataset([pieces[place] for place in part.tolist()], self.examples.forms)
            for part in (order[held:], order[:held])
        )
        with seeded(self.settings.seed):
            head = PretrainingHead(self.network.encoders[0], LANGUAGE_DROPOUT)
        return PretrainingObjective(
            head, examples, valid, batch_size=LANGUAGE_ROWS, seed=self.settings.seed
        )


def choose_tokenizer(
    material: ClassifierData,
    settings: ClassifierSettings,
    stop: Callable[[], bool],
    progress: ProgressCallback | None = None,
) -> Iterator[Event | str]:
    """Try each tokenizer for a small part of the budget; yields the events, and at last its name.

    The one with the smallest validation loss suits best.

    Raises:
        KeyboardInterrupt: where the trials were interrupted, or `stop` said so: nothing that
            could be kept has been learned by then.
    """
    losses = {}
    plain = dataclasses.replace(material, unlabelled=())
    for number, name in enumerate(ENCODER_TOKENIZERS):
        apprentice = ClassifierTrainer(plain, settings, name, progress)
        plan = apprentice.label_plan(TRIAL)
        for event in train(apprentice.label_objective(), plan, stop=stop):
            if isinstance(event, Progress):
                done = TRIAL * (number + event.done)
                yield dataclasses.replace(event, done=done, phase=f"trying {name}s")
            elif isinstance(event, Finished):
                losses[name] = event.best_loss
                if event.interrupted:
                    raise KeyboardInterrupt
    yield min(losses, key=lambda name: losses[name])


def calibrated_loss(logits: np.ndarray[Any, Any], classes: np.ndarray[Any, Any]) -> float:
    """(N, K) and (N,) -> nats of a label, at the temperature that suits: overconfidence, which
    the temperature mends, must not choose the weights."""
    temperature = fit_temperature(logits, classes)
    log_p = torch.from_numpy(logits / temperature).double().log_softmax(1).numpy()
    return -float(log_p[np.arange(len(classes)), classes].mean())


def class_weights(classes: np.ndarray[Any, Any], count: int) -> Tensor:
    """(K,) the cube root of how much rarer than the mean a class is.

    All of it would let a class of a dozen texts shake the network whenever one of them is read.
    """
    sizes = np.maximum(np.bincount(classes, minlength=count), 1)
    return torch.from_numpy((sizes.mean() / sizes) ** (1 / 3)).float()
