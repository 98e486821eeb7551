"""Text classification: many in, one out.

Shapes: N texts, K classes.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from torch import Tensor

from elman.bundle import Bundle
from elman.data.cache import Cache
from elman.data.example_cache import cache_examples
from elman.errors import EmptyTextError, SettingError
from elman.explain.trace import Trace
from elman.metrics.calibration import fit_rejection, fit_temperature
from elman.nn.classifier import ClassifierNetwork
from elman.nn.encoder import EncoderStep
from elman.nn.native_step import encoder_by_steps
from elman.tasks.classification.config import AUTO, ClassifierTrainingConfig
from elman.tasks.classification.explain import explain_classes
from elman.tasks.classification.inputs import (
    Label,
    as_labels,
    numbered,
    numbered_as,
    split,
    tags_of_texts,
)
from elman.tasks.classification.objective import class_logits
from elman.tasks.classification.serialization import Calibration, Floats, contents, opened
from elman.tasks.classification.streaming import StreamingStates, beginning, continued
from elman.tasks.classification.trainer import (
    TRIALS,
    ClassifierTrainer,
    TrainingData,
    choose_tokenizer,
)
from elman.tasks.encoder_config import check_share
from elman.tasks.estimator import Model
from elman.tasks.inputs import as_texts, hashed
from elman.tasks.tokenization import ENCODER_TOKENIZERS, encoded, shown
from elman.text.progress import Progressed
from elman.text.subword_hashing import HashedVocabulary
from elman.text.tokenizers.tokenizer import Tokenizer
from elman.training.checkpoint import identity_of
from elman.training.events import Event, Finished
from elman.training.stages import train_in_stages


class Classifier(Model):
    """A recurrent network that reads a text and names its class.

    ::

        model = Classifier(minutes=3).fit(texts, labels)
        model.predict(["warm and funny"])
        model.predict_proba(["warm and funny"])
        model.save("reviews.safetensors")

    It has scikit-learn's habits: `clone`, `Pipeline`, `cross_val_score` and `GridSearchCV` work.

    Args:
        tokenizer: "character", "word" or "subword": what one token is; "auto" tries all three and
            takes the one that does best on the held-out texts.
        cell: a name of `elman.cells.CELLS`.
        hidden_size: of the vectors that pass from block to block; None chooses by the tokenizer.
        layers: blocks, one above the other.
        directions: 1 reads from the beginning, so that `step` can answer after every word; 2
            also from the end.
        dropout: share silenced in training, 0 to below 1; None chooses by the tokenizer.
        class_weight: "balanced" gives rare classes more weight, by the cube root of how much
            rarer than the mean they are.
        minutes: of training, by the wall clock, validations included.
        steps: of training instead; the same weights every time on one machine.
        seed: of everything random.

    Attributes, once fitted:
        classes_: (K,) the labels in order.
        network_: the `ClassifierNetwork`; tokenizer_: its vocabulary.
        calibration_: the temperature of its probabilities, and the threshold of rejection.
        record_: how it was trained, as plain data; it is saved with the model.
    """

    task: ClassVar[str] = "classify"
    _estimator_type: ClassVar[str] = "classifier"

    classes_: np.ndarray[Any, Any]
    network_: ClassifierNetwork
    tokenizer_: Tokenizer | HashedVocabulary
    calibration_: Calibration
    record_: dict[str, Any]

    def __init__(
        self,
        *,
        tokenizer: str = AUTO,
        cell: str = "mingru",
        hidden_size: int | None = None,
        layers: int = 1,
        directions: int = 1,
        dropout: float | None = None,
        class_weight: str | None = None,
        minutes: float = 3.0,
        steps: int | None = None,
        seed: int = 0,
    ) -> None:
        self.tokenizer = tokenizer
        self.cell = cell
        self.hidden_size = hidden_size
        self.layers = layers
        self.directions = directions
        self.dropout = dropout
        self.class_weight = class_weight
        self.minutes = minutes
        self.steps = steps
        self.seed = seed

    # Learning

    def fit(
        self,
        X: Any,  # noqa: N803 (scikit-learn's names)
        y: Any = None,
        *,
        valid: tuple[Any, Any] | None = None,
        unlabelled: Sequence[str] = (),
        out_of_scope: Sequence[str] = (),
    ) -> Self:
        """Learn from texts X and their labels y; `training` tells more.

        Ctrl-C leaves the model as good as it was by then, and is raised again.
        """
        return self._through(
            self.training(X, y, valid=valid, unlabelled=unlabelled, out_of_scope=out_of_scope)
        )

    def training(
        self,
        texts: Any,
        labels: Any,
        *,
        valid: tuple[Any, Any] | None = None,
        unlabelled: Sequence[str] = (),
        out_of_scope: Sequence[str] = (),
        cache: Cache | None = None,
        checkpoint: Path | None = None,
        checkpoint_seconds: float = 20.0,
        progress: Progressed | None = None,
        stop: Callable[[], bool] = lambda: False,
    ) -> Iterator[Event]:
        """Train, yielding what happens as `elman.training.events.Event`s.

        Args:
            texts, labels: (N,) to learn from; without `valid` a tenth of them is held out.
            valid: texts and labels to choose tokenizer, weights and temperature by.
            unlabelled: texts of the same kind; most of the budget goes into predicting their
                words before the labels are learned (A. Dai, Q. Le, 'Semi-supervised Sequence
                Learning', 2015).
            out_of_scope: texts that belong to no class, for the threshold of rejection.
            cache: where the texts are kept for a baseline to learn from; nowhere if None.
            checkpoint: a file from which an interrupted run goes on; see `train`.
            progress: hears how the texts are read: the step, the characters done, all of them.
            stop: asked before every step; True ends the run early and in order.

        Raises:
            KeyboardInterrupt: where it is stopped while tokenizers are tried.
            SettingError: for a setting out of its range, before anything is read.
            InputError: for texts or labels that cannot be used.
            TrainingError, ResumeError, OutputError: as `train` has them.
        """
        settings = ClassifierTrainingConfig(**self._plain_settings())
        rows, known = numbered(texts, labels)
        if valid is None:
            rows, held_out = split(rows, settings.seed)
        else:
            held_out = numbered_as(valid, known, location="valid")
            if not held_out.texts:
                raise EmptyTextError("there is no text", location="valid", hint="Leave it out.")
        out_of_scope = as_texts(out_of_scope, "out_of_scope")
        material = TrainingData(rows, held_out, len(known), as_texts(unlabelled, "unlabelled"))
        hashes = {"content": rows.content(known), "valid": held_out.content(known)}
        if cache is not None:
            for part, content in zip((rows, held_out), hashes.values(), strict=True):
                cache_examples(cache, content, part.named(known))
        identity: dict[str, Any] = {
            **self._plain_settings(),
            **hashes,
            "unlabelled": hashed(material.unlabelled),
        }
        tokenizer, share = settings.tokenizer, 1.0
        if tokenizer == AUTO:
            share = 1 - TRIALS
            if checkpoint is not None:
                chosen = identity_of(checkpoint).get("chosen")
                tokenizer = chosen if chosen in ENCODER_TOKENIZERS else AUTO
            for event in (
                choose_tokenizer(material, settings, stop, progress) if tokenizer == AUTO else ()
            ):
                if isinstance(event, str):
                    tokenizer = event
                else:
                    yield event
            identity["chosen"] = tokenizer
        apprentice = ClassifierTrainer(material, settings, tokenizer, progress)
        self._begin(apprentice, known, hashes)
        for event in train_in_stages(
            apprentice.phases(share, known),
            checkpoint=checkpoint,
            identity=identity,
            checkpoint_seconds=checkpoint_seconds,
            stop=stop,
        ):
            if isinstance(event, Finished):
                self._finish(apprentice, event, out_of_scope)
            yield event

    def _begin(
        self, apprentice: ClassifierTrainer, known: list[Label], hashes: dict[str, str]
    ) -> None:
        self.network_, self.tokenizer_ = apprentice.network, apprentice.tokenizer
        self.classes_ = np.array(known)
        self.calibration_ = Calibration(temperature=1.0, rejection=0.0)
        self.record_ = {
            **hashes,
            "texts": len(apprentice.material.rows.texts),
            "tokens": apprentice.examples.tokens,
            "unlabelled_texts": len(apprentice.material.unlabelled),
            "parameters": sum(p.numel() for p in self.network_.parameters()),
        }

    def _finish(
        self, apprentice: ClassifierTrainer, event: Finished, out_of_scope: list[str]
    ) -> None:
        """Fit what the held-out texts tell of certainty, and write down how it went."""
        gold = apprentice.material.valid.classes
        logits = class_logits(self.network_, apprentice.valid)
        temperature = fit_temperature(logits, gold)
        self.calibration_ = Calibration(temperature, rejection=0.0)
        answered = self.calibration_.probabilities(logits)
        of_outside = self.predict_proba(out_of_scope).max(axis=1) if out_of_scope else None
        right = answered.argmax(axis=1) == gold
        rejection = fit_rejection(answered.max(axis=1), right, of_outside)
        self.calibration_ = Calibration(temperature, rejection)
        self.record_ |= {
            "steps": event.step,
            "best_step": event.best_step,
            "seconds": round(event.seconds, 3),
            "tokens_read": event.tokens,
            "valid_texts": len(gold),
            "valid_accuracy": float(right.mean()),
        }

    def keep_training(self, texts: Any, labels: Any, cache: Cache) -> bool:
        """Keep what the model learned from, given once more, for a baseline to learn from.

        Returns:
            Whether it was that, all of it or with a tenth to be held out.
        """
        self._check_fitted()
        rows, known = numbered(texts, labels)
        for part in (rows, split(rows, self.seed)[0]):
            content = part.content(known)
            if content == self.record_.get("content"):
                cache_examples(cache, content, part.named(known))
                return True
        return False

    # Answering

    def predict(self, X: Any, *, reject_below: float | None = None) -> np.ndarray[Any, Any]:  # noqa: N803
        """The class of each text (N,).

        Args:
            reject_below: a probability; where that of the likeliest class is below it, the
                answer is None. `calibration_.rejection` is one fitted to held-out texts.

        Raises:
            InputError: for what is no list of texts; SettingError: for what is no probability.
        """
        if reject_below is not None:
            check_share("reject-below", reject_below)
        probabilities = self.predict_proba(X)
        labels: np.ndarray[Any, Any] = self.classes_[probabilities.argmax(axis=1)]
        if reject_below is not None:
            labels = labels.astype(object)
            labels[probabilities.max(axis=1) < reject_below] = None
        return labels

    def predict_proba(self, X: Any) -> Floats:  # noqa: N803
        """The probability of each class (N, K), at the temperature fitted to held-out texts
        (C. Guo et al., 'On Calibration of Modern Neural Networks', 2017, section 4.2)."""
        self._check_fitted()
        texts = as_texts(X)
        if not texts:
            raise EmptyTextError(
                "found 0 sample(s): no text to read", location="texts", hint="Give it some."
            )
        logits = class_logits(self.network_, encoded(texts, self.tokenizer_))
        return self.calibration_.probabilities(logits)

    def score(self, X: Any, y: Any) -> float:  # noqa: N803
        """The accuracy on texts and their labels, from 0 to 1."""
        texts = as_texts(X)
        labels = as_labels(y, len(texts))
        # Compared as what they are: in an array of short words a longer one would be cut.
        pairs = zip(self.predict(texts).tolist(), labels, strict=True)
        return float(np.mean([found == label for found, label in pairs]))

    def start(self) -> StreamingStates:
        """The impression of a text that has not begun, for `step`.

        Raises:
            SettingError: where the model also reads from the end, which is not there yet.
        """
        self._check_fitted()
        if self.network_.reading.directions != 1:
            raise SettingError(
                "a model that reads in both directions has no answer before the end",
                location="directions",
                hint="Train with directions=1.",
            )
        return beginning(self.network_, self.tokenizer_, self._step)

    def step(self, text: str, state: StreamingStates) -> tuple[dict[Label, float], StreamingStates]:
        """Read on, a word or more, and answer.

        Returns:
            The probability of each class, and the impression: of the same size however much was
            read. After a whole text, word by word, they are those of `predict_proba` (of texts
            no longer than it reads whole; of another tokenizer than words, before the text's end is
            marked).

        Raises:
            EmptyTextError: for a text without anything to read.
        """
        spreads, state = self.step_many([text], state)
        return dict(zip(self.classes_.tolist(), spreads[0].tolist(), strict=True)), state

    def step_many(
        self, texts: Sequence[str], states: StreamingStates
    ) -> tuple[Floats, StreamingStates]:
        """Read on in several streams: a text and a row of the states for each; see `step`.

        Returns:
            (N, K) the probabilities of each, and the impressions.
        """
        logits, states = continued(self.network_, self.tokenizer_, texts, states, self._step)
        return self.calibration_.probabilities(logits), states

    def explain(self, text: str) -> Trace:
        """What the network saw in a text, remembered of it, and which words its answer rests on.

        Raises:
            InputError: for a text without tokens, or with more than `MAX_TOKENS`.
        """
        self._check_fitted()
        padded, tokens = shown(text, self.tokenizer_)
        told = self.tokenizer_.name, self.classes_.tolist(), self.calibration_.temperature
        return explain_classes(self.network_, padded, tokens, *told)

    def _stepping(self) -> list[EncoderStep]:
        return [encoder_by_steps(reader, int8=self.int8_) for reader in self.network_.readers]

    # Keeping

    def _contents(self) -> tuple[dict[str, Any], dict[str, Tensor]]:
        labels = self.classes_.tolist()
        about = contents(self.network_, self.tokenizer_, labels, self.calibration_, self.record_)
        return about, dict(self.network_.named_parameters())

    def describe(self) -> dict[str, Any]:
        self._check_fitted()
        return {
            "task": self.task,
            "tokenizer": self.tokenizer_.name,
            "classes": len(self.classes_),
            "labels": self.classes_.tolist(),
            "parameters": sum(p.numel() for p in self.network_.parameters()),
            "members": len(self.network_.members),
            "reader": dataclasses.asdict(self.network_.reading),
            "settings": self._plain_settings(),
            "calibration": self.calibration_._asdict(),
            "training": self.record_,
        }

    @classmethod
    def from_bundle(cls, bundle: Bundle) -> Self:
        file = opened(bundle)
        model = cls(**dataclasses.asdict(file.settings))
        model.network_, model.tokenizer_ = file.network, file.tokenizer
        model.classes_ = np.array(file.labels)
        model.calibration_, model.record_ = file.calibration, file.record
        return model

    def __sklearn_tags__(self) -> Any:
        return tags_of_texts()
