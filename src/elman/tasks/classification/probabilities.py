"""What a fitted classifier answers.

Shapes: N texts, K classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from elman.counts.sparse_linear import SparseLinear
from elman.errors import EmptyTextError, SettingError
from elman.nn.compiled.network import State
from elman.ranges import check_number
from elman.tasks.classification.config import ClassifierSettings
from elman.tasks.classification.inputs import Label, as_labels, as_weights
from elman.tasks.classification.metadata_routing import WeightRequests
from elman.tasks.classification.serialization import Calibration, Floats
from elman.tasks.classification.streaming import beginning, continued
from elman.tasks.example_estimator import ExampleModel
from elman.tasks.inputs import as_texts
from elman.tasks.tokenization import encoded
from elman.text.subword_hashing import HashedVocabulary
from elman.text.tokenizers.tokenizer import Tokenizer


class ClassProbabilities(ClassifierSettings, WeightRequests, ExampleModel):
    """The part of a classifier that answers, of whole texts and word by word."""

    classes_: np.ndarray[Any, Any]
    tokenizer_: Tokenizer | HashedVocabulary
    calibration_: Calibration
    linear_: SparseLinear | None = None

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

    def predict_log_proba(self, X: Any) -> Floats:  # noqa: N803
        """The logarithm of `predict_proba` (N, K), finite also where a probability is 0."""
        logits, scores = self._evidence(X)
        return self.calibration_.log_probabilities(logits, scores)

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
        rows = encoded(texts, self.tokenizer_)
        return self._inference.log_probabilities(rows.rows, rows.forms), self._scores(texts)

    def _scores(self, texts: Sequence[str]) -> Floats | None:
        """The scores (N, K) of the linear part, if there is one."""
        return None if self.linear_ is None else self.linear_.scores(texts)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:  # noqa: N803
        """The accuracy on texts and their labels, 0 to 1.

        Args:
            X, y: (N,) texts and their labels.
            sample_weight: (N,) how much each text counts; None: all alike.
        """
        texts = as_texts(X)
        labels = as_labels(y, len(texts))
        weights = None if sample_weight is None else as_weights(sample_weight, len(texts))
        # Compare Python values: an array of short strings would truncate a longer one.
        pairs = zip(self.predict(texts).tolist(), labels, strict=True)
        return float(np.average([found == label for found, label in pairs], weights=weights))

    def start(self) -> State:
        """The state before a text, for `step`.

        Raises:
            SettingError: the model is bidirectional.
        """
        self._check_fitted()
        if self._config.directions != 1:
            raise SettingError(
                "a model that reads in both directions has no answer before the end",
                location="directions",
                hint="Train with directions=1.",
            )
        return beginning(self._inference, self.tokenizer_, self.linear_)

    def step(self, text: str, state: State) -> tuple[dict[Label, float], State]:
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

    def step_many(self, texts: Sequence[str], states: State) -> tuple[Floats, State]:
        """Continue N streams: one text and one row of the states each; see `step`.

        Returns:
            Probabilities (N, K), and the states.
        """
        logits, scores, states = continued(
            self._inference, self.tokenizer_, self.linear_, texts, states
        )
        return self.calibration_.probabilities(logits, scores), states
