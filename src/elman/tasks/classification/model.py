"""Text classification: many inputs, one output.

Shapes: N texts, K classes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from elman.bundle import Array
from elman.errors import EmptyTextError
from elman.metrics.calibration import fit_rejection, fit_temperature, fit_weights
from elman.nn.compiled.classifier import CompiledClassifier, classifier_layout
from elman.nn.compiled.trained import TrainedNetwork
from elman.ranges import check_integer
from elman.tasks.architecture import checked_encoder
from elman.tasks.classification import counts
from elman.tasks.classification.config import AUTO, RECIPES, ClassifierSettings
from elman.tasks.classification.inputs import (
    LabelledTexts,
    index_labels,
    index_labels_as,
    sklearn_tags,
    split,
    unlabelled_texts,
)
from elman.tasks.classification.probabilities import ClassProbabilities
from elman.tasks.classification.serialization import (
    MAX_MEMBERS,
    Calibration,
    checked_calibration,
    checked_labels,
    checked_tokenizer,
)
from elman.tasks.inputs import as_texts, hashed
from elman.tasks.run import Run, TrainingData
from elman.tasks.tokenization import tokenize_for_trace
from elman.tasks.weights import Blueprint, Stored
from elman.text.subword_hashing import HashedVocabulary
from elman.training.events import Event, Finished

if TYPE_CHECKING:
    from elman.explain.trace import Trace
    from elman.tasks.classification.trainer import ClassifierTrainer


class Classifier(ClassProbabilities):
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
        members_: the number of its members.
        tokenizer_: its vocabulary.
        linear_: the linear model beside the network; None without counts.
        calibration_: temperature, weight of the linear model, rejection threshold.
        record_: how it was trained, as plain data; saved with the model.
    """

    task: ClassVar[str] = "classify"
    pipeline_tag: ClassVar[str] = "text-classification"
    _estimator_type: ClassVar[str] = "classifier"
    _architecture_name: ClassVar[str] = "encoder"

    # Learning

    def fit(
        self,
        X: Any,  # noqa: N803 (scikit-learn's names)
        y: Any = None,
        sample_weight: Any = None,
        *,
        valid: tuple[Any, Any] | None = None,
        unlabelled: Sequence[str] = (),
        out_of_scope: Sequence[str] = (),
    ) -> Self:
        """Train on texts and their labels until the budget is spent; see `training`.

        Args:
            X, y: (N,) texts and their labels.
            sample_weight: (N,) how much each text counts in training, 0 or more; a text of weight
                0 is left out. Validation texts count alike. None: all texts do.
            valid: texts and labels of the validation set, which chooses tokenizer, weights and
                temperature; default: a tenth of X and y. Labels that training never saw count as
                errors, with a warning.
            unlabelled: texts of the same kind for pretraining, which takes most of the budget (A.
                Dai, Q. Le, 'Semi-supervised Sequence Learning', 2015).
            out_of_scope: texts of no class, to fit the rejection threshold.

        Raises:
            InputError: texts or labels that cannot be used.
        """
        options: dict[str, Any] = {} if sample_weight is None else {"sample_weight": sample_weight}
        options |= {"valid": valid, "unlabelled": unlabelled, "out_of_scope": out_of_scope}
        return self._fit(X, y, **options)

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
        sample_weight: Any = None,
        unlabelled: Sequence[str] = (),
        out_of_scope: Sequence[str] = (),
        **options: Any,
    ) -> TrainingData:
        texts = {
            "unlabelled": unlabelled_texts(unlabelled, settings.has_network),
            "out_of_scope": as_texts(out_of_scope, "out_of_scope"),
        }
        given = data if sample_weight is None else (*data, sample_weight)
        prepared = super()._prepare(settings, *given, **options)
        hashes = {**prepared.hashes, "unlabelled": hashed(texts["unlabelled"])}
        if prepared.train.weights is not None:
            hashes["sample_weight"] = hashed(prepared.train.weights.tolist())
        return replace(prepared, hashes=hashes, options=texts)

    def _learn(self, settings: ClassifierSettings, data: TrainingData, run: Run) -> Iterator[Event]:
        """Choose the tokenizer if none is set, fit the linear part, pretrain, learn the labels."""
        from elman.tasks.classification.trainer import (
            TRIAL_FRACTION,
            ClassifierData,
            ClassifierTrainer,
            choose_tokenizer,
            tokenizers_to_try,
        )
        from elman.training.checkpoint import identity_of
        from elman.training.stages import train_in_stages

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
        self.members_ = len(trainer.network.members)
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
        from elman.tasks.classification.objective import class_logits

        gold, unseen = trainer.material.valid.classes, trainer.material.valid.unseen
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
        count = len(gold) + len(unseen)
        self.record_ |= {"valid_texts": count, "valid_accuracy": int(correct.sum()) / count}

    # Predicting

    def explain(self, text: str) -> Trace:
        """The activations of the network over a text, its outputs, and their attributions.

        Raises:
            InputError: the text has no tokens, or more than `elman.explain.summary.MAX_TOKENS`.
        """
        from elman.tasks.classification.explain import explain_classes

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

    # Saving

    def _compile(self, trained: TrainedNetwork) -> CompiledClassifier:
        return CompiledClassifier(trained.exact, self._config, self.members_)

    def _contents(self) -> dict[str, Any]:
        return {
            "members": self.members_,
            "vocabulary": self.tokenizer_.to_json(),
            "labels": self.classes_.tolist(),
            "calibration": self.calibration_._asdict(),
            "counts": None if self.linear_ is None else counts.contents(self.linear_),
        }

    def _arrays(self) -> dict[str, Array]:
        more = {} if self.linear_ is None else counts.arrays(self.linear_)
        return {**super()._arrays(), **more}

    def _facts(self) -> dict[str, Any]:
        return {
            "tokenizer": self.tokenizer_.name,
            "classes": len(self.classes_),
            "labels": self.classes_.tolist(),
            "members": self.members_,
            "calibration": self.calibration_._asdict(),
        }

    def _restore(self, about: dict[str, Any]) -> Stored:
        self.tokenizer_ = checked_tokenizer(about.get("vocabulary"))
        encoder = checked_encoder(about.get("encoder"), self.tokenizer_)
        labels = checked_labels(about.get("labels"))
        self.classes_ = np.array(labels)
        self.calibration_ = checked_calibration(about.get("calibration"))
        members: Any = about.get("members")
        check_integer("members", members, 1, MAX_MEMBERS)
        self.members_ = members
        dropout = RECIPES[self.tokenizer_.name].dropout_of(self)
        arguments = (encoder, len(labels), dropout, members)
        return Stored(
            Blueprint("elman.nn.classifier.ClassifierNetwork", arguments),
            encoder.blocks,
            partial(classifier_layout, encoder, len(labels), members),
            counts.layout(about.get("counts"), len(labels)),
        )

    def _take(self, beside: dict[str, Array], about: dict[str, Any]) -> None:
        self.linear_ = counts.restored(about.get("counts"), beside)

    def __sklearn_tags__(self) -> Any:
        return sklearn_tags()


MODEL = Classifier
