"""Text classification: many inputs, one output.

Shapes: N texts, K classes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Self

import numpy as np
from torch import Tensor

from elman.counts.sparse_linear import SparseLinear
from elman.errors import EmptyTextError, SettingError
from elman.explain.trace import Trace
from elman.metrics.calibration import fit_rejection, fit_temperature, fit_weights
from elman.nn.classifier import ClassifierNetwork
from elman.nn.encoder import EncoderConfig, EncoderStep
from elman.nn.native_step import encoder_by_steps
from elman.ranges import check_integer, check_number
from elman.tasks.architecture import checked_encoder
from elman.tasks.classification import counts
from elman.tasks.classification.config import AUTO, RECIPES, ClassifierSettings
from elman.tasks.classification.explain import explain_classes
from elman.tasks.classification.inputs import (
    Label,
    LabelledTexts,
    as_labels,
    index_labels,
    index_labels_as,
    sklearn_tags,
    split,
    unlabelled_texts,
)
from elman.tasks.classification.objective import class_logits
from elman.tasks.classification.serialization import (
    MAX_MEMBERS,
    Calibration,
    Floats,
    checked_calibration,
    checked_labels,
    checked_tokenizer,
)
from elman.tasks.classification.streaming import StreamingStates, beginning, continued
from elman.tasks.classification.trainer import (
    TRIAL_FRACTION,
    ClassifierData,
    ClassifierTrainer,
    choose_tokenizer,
    tokenizers_to_try,
)
from elman.tasks.example_estimator import ExampleModel
from elman.tasks.inputs import as_texts, hashed
from elman.tasks.run import Run, TrainingData
from elman.tasks.tokenization import encoded, tokenize_for_trace
from elman.text.subword_hashing import HashedVocabulary
from elman.text.tokenizers.tokenizer import Tokenizer
from elman.training.checkpoint import identity_of
from elman.training.events import Event, Finished
from elman.training.stages import train_in_stages


class Classifier(ClassifierSettings, ExampleModel):
    """A recurrent network that classifies texts.

    ::

        model = Classifier(minutes=3).fit(texts, labels)
        model.predict(["warm and funny"])
        model.predict_proba(["warm and funny"])
        model.save("reviews.safetensors")

    It works with scikit-learn's `clone`, `Pipeline`, `cross_val_score` and `GridSearchCV`.

    Attributes, after fitting:
        classes_: (K,) sorted labels.
        network_: the `ClassifierNetwork`.
        tokenizer_: its vocabulary.
        linear_: the linear model beside the network; None without counts.
        calibration_: temperature, weight of the linear model, rejection threshold.
        record_: how it was trained, as plain data; saved with the model.
    """

    task: ClassVar[str] = "classify"
    pipeline_tag: ClassVar[str] = "text-classification"
    _estimator_type: ClassVar[str] = "classifier"
    _architecture_name: ClassVar[str] = "encoder"

    classes_: np.ndarray[Any, Any]
    network_: ClassifierNetwork
    tokenizer_: Tokenizer | HashedVocabulary
    calibration_: Calibration
    linear_: SparseLinear | None = None

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
        """Train on texts and their labels until the budget is spent; see `training`.

        Args:
            X, y: (N,) texts and their labels.
            valid: texts and labels of the validation set, which chooses tokenizer, weights and
                temperature; default: a tenth of X and y.
            unlabelled: texts of the same kind for pretraining, which takes most of the budget (A.
                Dai, Q. Le, 'Semi-supervised Sequence Learning', 2015).
            out_of_scope: texts of no class, to fit the rejection threshold.

        Raises:
            InputError: texts or labels that cannot be used.
        """
        return self._fit(X, y, valid=valid, unlabelled=unlabelled, out_of_scope=out_of_scope)

    _split = staticmethod(split)

    def _examples(self, *data: Any, progress: Any = None) -> LabelledTexts:  # noqa: ARG002
        return index_labels(*data)

    def _held_out(self, valid: Any, train: LabelledTexts, progress: Any) -> LabelledTexts:  # noqa: ARG002
        held_out = index_labels_as(valid, train.labels, location="valid")
        if not held_out.texts:
            raise EmptyTextError("there is no text", location="valid", hint="Leave it out.")
        return held_out

    def _prepare(
        self,
        settings: ClassifierSettings,
        *data: Any,
        unlabelled: Sequence[str] = (),
        out_of_scope: Sequence[str] = (),
        **options: Any,
    ) -> TrainingData:
        texts = {
            "unlabelled": unlabelled_texts(unlabelled, settings.has_network),
            "out_of_scope": as_texts(out_of_scope, "out_of_scope"),
        }
        prepared = super()._prepare(settings, *data, **options)
        hashes = {**prepared.hashes, "unlabelled": hashed(texts["unlabelled"])}
        return replace(prepared, hashes=hashes, options=texts)

    def _learn(self, settings: ClassifierSettings, data: TrainingData, run: Run) -> Iterator[Event]:
        """Choose the tokenizer if none is set, fit the linear part, pretrain, learn the labels."""
        tokenizer, fraction = settings.tokenizer, 1.0
        material = ClassifierData(data.train, data.valid, data.options["unlabelled"])
        if tokenizer == AUTO:
            fraction -= TRIAL_FRACTION * len(tokenizers_to_try(material))
            for event in choose_tokenizer(material, settings, run):
                if isinstance(event, str):
                    tokenizer = event
                else:
                    yield event
            run = run.with_identity(chosen=tokenizer)
        fraction = min(fraction, run.left_of(settings.minutes))
        begun = None if run.checkpoint is None else identity_of(run.checkpoint).get("members")
        trainer = ClassifierTrainer(
            material,
            settings,
            tokenizer,
            run.progress,
            fraction=fraction,
            members=begun if type(begun) is int and 0 < begun <= MAX_MEMBERS else None,
        )
        run = run.with_identity(members=len(trainer.network.members))
        self.network_, self.tokenizer_ = trainer.network, trainer.tokenizer
        self.classes_ = np.array(data.train.labels)
        self.calibration_ = Calibration(temperature=1.0, rejection=0.0)
        self.linear_ = counts.fit(settings, data.train, trainer.counts_bytes, run.progress)
        fraction = min(fraction, run.left_of(settings.minutes))
        self._begin_record(
            data,
            texts=len(data.train.texts),
            tokens=trainer.examples.tokens,
            unlabelled_texts=len(data.options["unlabelled"]),
        )
        for event in train_in_stages(trainer.stages(fraction), **run.arguments):
            if isinstance(event, Finished):
                self._calibrate(trainer, data.options["out_of_scope"])
            yield event

    def _calibrate(self, trainer: ClassifierTrainer, out_of_scope: list[str]) -> None:
        """Fit temperature, weight of the linear part and rejection threshold on the validation
        set."""
        gold = trainer.material.valid.classes
        logits = class_logits(self.network_, trainer.valid)
        scores = self._scores(trainer.material.valid.texts)
        if scores is None:
            self.calibration_ = Calibration(fit_temperature(logits, gold), rejection=0.0)
        else:
            temperature, weight = fit_weights(logits, scores, gold)
            self.calibration_ = Calibration(temperature, rejection=0.0, counts_weight=weight)
        probabilities = self.calibration_.probabilities(logits, scores)
        others = self.predict_proba(out_of_scope).max(axis=1) if out_of_scope else None
        correct = probabilities.argmax(axis=1) == gold
        rejection = fit_rejection(probabilities.max(axis=1), correct, others)
        self.calibration_ = self.calibration_._replace(rejection=rejection)
        self.record_ |= {"valid_texts": len(gold), "valid_accuracy": float(correct.mean())}

    # Predicting

    def predict(self, X: Any, *, reject_below: float | None = None) -> np.ndarray[Any, Any]:  # noqa: N803
        """The class of each text (N,).

        Args:
            X: (N,) texts.
            reject_below: return None if the most probable class is less probable than this, 0 to
                1. `calibration_.rejection` is fitted on the validation set. Default: never.

        Raises:
            InputError: X is not a list of texts.
            SettingError: `reject_below` is out of range.
        """
        if reject_below is not None:
            check_number("reject-below", reject_below, lambda p: 0 <= p <= 1, "from 0 to 1")
        probabilities = self.predict_proba(X)
        labels: np.ndarray[Any, Any] = self.classes_[probabilities.argmax(axis=1)]
        if reject_below is not None:
            labels = labels.astype(object)
            labels[probabilities.max(axis=1) < reject_below] = None
        return labels

    def predict_proba(self, X: Any) -> Floats:  # noqa: N803
        """The probability of each class (N, K), calibrated by temperature scaling (C. Guo et al.,
        'On Calibration of Modern Neural Networks', 2017, section 4.2)."""
        logits, scores = self._evidence(X)
        return self.calibration_.probabilities(logits, scores)

    def predict_proba_by_parts(self, X: Any) -> dict[str, Floats]:  # noqa: N803
        """The probabilities (N, K) by `both` parts, and if there are two by the `network` alone and
        by the `counts` alone.

        Raises:
            InputError: X is not a list of texts.
        """
        logits, scores = self._evidence(X)
        probabilities = self.calibration_.probabilities
        found = {"both": probabilities(logits, scores)}
        if scores is not None and self.has_network:
            nothing = np.zeros_like(logits)
            found |= {"network": probabilities(logits), "counts": probabilities(nothing, scores)}
        return found

    def _evidence(self, X: Any) -> tuple[Floats, Floats | None]:  # noqa: N803
        """The logits (N, K) of the network, and the scores of the linear part, if there is one."""
        self._check_fitted()
        texts = as_texts(X)
        if not texts:
            raise EmptyTextError(
                "found 0 sample(s): no text to read", location="texts", hint="Give it some."
            )
        return class_logits(self.network_, encoded(texts, self.tokenizer_)), self._scores(texts)

    def _scores(self, texts: Sequence[str]) -> Floats | None:
        """The scores (N, K) of the linear part, if there is one."""
        return None if self.linear_ is None else self.linear_.scores(texts)

    def score(self, X: Any, y: Any) -> float:  # noqa: N803
        """The accuracy on texts and their labels, 0 to 1."""
        texts = as_texts(X)
        labels = as_labels(y, len(texts))
        # Compare Python values: an array of short strings would truncate a longer one.
        pairs = zip(self.predict(texts).tolist(), labels, strict=True)
        return float(np.mean([predicted == label for predicted, label in pairs]))

    def start(self) -> StreamingStates:
        """The state before a text, for `step`.

        Raises:
            SettingError: the model is bidirectional.
        """
        self._check_fitted()
        if self.network_.config.directions != 1:
            raise SettingError(
                "a model that reads in both directions has no answer before the end",
                location="directions",
                hint="Train with directions=1.",
            )
        return beginning(self.network_, self.tokenizer_, self.linear_, self._step)

    def step(self, text: str, state: StreamingStates) -> tuple[dict[Label, float], StreamingStates]:
        """Classify a text so far.

        Args:
            text: the next word or words.
            state: from `start`, or the `step` before.

        Returns:
            The probability of each class, and the state, whose size is constant. After all words
            of a text the probabilities are those of `predict_proba`, unless that shortens the text
            or, with tokens other than words, appends an end token. The linear part takes each text
            as whole words, so a word should not be cut in two, even if the tokens are characters.

        Raises:
            SettingError: the state is of another model.
            EmptyTextError: the text has no tokens.
        """
        spreads, state = self.step_many([text], state)
        return dict(zip(self.classes_.tolist(), spreads[0].tolist(), strict=True)), state

    def step_many(
        self, texts: Sequence[str], states: StreamingStates
    ) -> tuple[Floats, StreamingStates]:
        """Continue N streams: one text and one row of the states each; see `step`.

        Returns:
            Probabilities (N, K), and the states.
        """
        logits, scores, states = continued(
            self.network_, self.tokenizer_, self.linear_, texts, states, self._step
        )
        return self.calibration_.probabilities(logits, scores), states

    def explain(self, text: str) -> Trace:
        """The activations of the network over a text, its outputs, and their attributions.

        Raises:
            InputError: the text has no tokens, or more than `elman.explain.summary.MAX_TOKENS`.
        """
        self._check_fitted()
        padded, tokens = tokenize_for_trace(text, self.tokenizer_)
        linear = None
        if self.linear_ is not None:
            words = isinstance(self.tokenizer_, HashedVocabulary)
            weight = self.calibration_.counts_weight
            linear = counts.LinearTrace(self.linear_, tokens, weight, words)
        return explain_classes(
            self.network_,
            padded,
            tokens,
            self.tokenizer_.name,
            self.classes_.tolist(),
            self.calibration_.temperature,
            linear,
        )

    def _compile_step(self) -> list[EncoderStep]:
        return [encoder_by_steps(encoder, int8=self.int8_) for encoder in self.network_.encoders]

    # Saving

    def _architecture(self) -> EncoderConfig:
        return self.network_.config

    def _contents(self) -> dict[str, Any]:
        return {
            "members": len(self.network_.members),
            "vocabulary": self.tokenizer_.to_json(),
            "labels": self.classes_.tolist(),
            "calibration": self.calibration_._asdict(),
            "counts": None if self.linear_ is None else counts.contents(self.linear_),
        }

    def _tensors(self) -> dict[str, Tensor]:
        more = {} if self.linear_ is None else counts.tensors(self.linear_)
        return {**super()._tensors(), **more}

    def _facts(self) -> dict[str, Any]:
        return {
            "tokenizer": self.tokenizer_.name,
            "classes": len(self.classes_),
            "labels": self.classes_.tolist(),
            "members": len(self.network_.members),
            "calibration": self.calibration_._asdict(),
        }

    def _restore(self, about: dict[str, Any]) -> Callable[[], ClassifierNetwork]:
        self.tokenizer_ = checked_tokenizer(about.get("vocabulary"))
        encoder = checked_encoder(about.get("encoder"), self.tokenizer_)
        labels = checked_labels(about.get("labels"))
        self.classes_ = np.array(labels)
        self.calibration_ = checked_calibration(about.get("calibration"))
        members: Any = about.get("members")
        check_integer("members", members, 1, MAX_MEMBERS)
        dropout = RECIPES[self.tokenizer_.name].dropout_of(self)
        stored = about.get("counts")
        counts.check(stored, len(labels))
        return lambda: counts.attach(
            ClassifierNetwork(encoder, len(labels), dropout, members), stored
        )

    def _take(self, loaded: ClassifierNetwork) -> None:
        self.network_, self.linear_ = loaded, counts.detached(loaded)

    def __sklearn_tags__(self) -> Any:
        return sklearn_tags()


MODEL = Classifier
