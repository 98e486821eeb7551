"""A classifier as a file, and back: what is in it, and what must hold before it is believed."""

from __future__ import annotations

import dataclasses
import math
from typing import Any, NamedTuple

import numpy as np
import torch

from elman.bundle import Bundle
from elman.errors import ModelFileError, SettingError
from elman.nn.classifier import ClassifierNetwork
from elman.ranges import number, whole
from elman.tasks.classification.config import RECIPES, ClassifierTrainingConfig
from elman.tasks.classification.inputs import Label
from elman.tasks.encoder_config import checked_encoder
from elman.tasks.weights import load_network, record_of
from elman.text.subword_hashing import BUCKETS, HashedVocabulary
from elman.text.tokenizers.table import tokenizer_from_json
from elman.text.tokenizers.tokenizer import Tokenizer

MAX_MEMBERS = 100

Floats = np.ndarray[Any, np.dtype[np.floating[Any]]]


class Calibration(NamedTuple):
    """What the held-out texts said of a classifier's certainty.

    Attributes:
        temperature: what its logits are divided by.
        rejection: the probability below which an answer is rather 'none of these'.
    """

    temperature: float
    rejection: float

    def probabilities(self, logits: np.ndarray[Any, Any]) -> Floats:
        """(N, K) at the temperature."""
        scaled = torch.from_numpy(logits).double() / self.temperature
        spread: Floats = scaled.softmax(dim=1).numpy()
        return spread


class ClassifierFile(NamedTuple):
    """All that a classifier's file holds."""

    settings: ClassifierTrainingConfig
    network: ClassifierNetwork
    tokenizer: Tokenizer | HashedVocabulary
    labels: list[Label]
    calibration: Calibration
    record: dict[str, Any]


def contents(
    network: ClassifierNetwork,
    tokenizer: Tokenizer | HashedVocabulary,
    labels: list[Label],
    calibration: Calibration,
    record: dict[str, Any],
) -> dict[str, Any]:
    """The plain data of a file, besides the settings that every model has."""
    return {
        "reader": dataclasses.asdict(network.config),
        "members": len(network.members),
        "vocabulary": tokenizer.to_json(),
        "labels": labels,
        "calibration": calibration._asdict(),
        "training": record,
    }


def opened(bundle: Bundle) -> ClassifierFile:
    """What a file holds.

    Raises:
        ModelFileError: where anything in it is not as `contents` and the network have it.
    """
    about = bundle.about
    try:
        settings = ClassifierTrainingConfig.from_json(about.get("settings"))
        tokenizer = _tokenizer(about.get("vocabulary"))
        buckets = BUCKETS if isinstance(tokenizer, HashedVocabulary) else 0
        reading = checked_encoder(about.get("reader"), tokenizer.size, buckets)
        labels = _checked_labels(about.get("labels"))
        calibration = _checked_calibration(about.get("calibration"))
        members: Any = about.get("members")
        whole("members", members, 1, MAX_MEMBERS)
        dropout = settings.outer_dropout(RECIPES[tokenizer.name])
    except (ModelFileError, SettingError) as error:
        bundle.refuse(str(error))
    record = record_of(bundle)
    network = load_network(
        bundle, lambda: ClassifierNetwork(reading, len(labels), dropout, members)
    )
    return ClassifierFile(settings, network, tokenizer, labels, calibration, record)


def _tokenizer(value: object) -> Tokenizer | HashedVocabulary:
    if isinstance(value, dict) and value.get("name") == HashedVocabulary.name:
        return HashedVocabulary.from_json(value)
    return tokenizer_from_json(value)


def _checked_labels(value: object) -> list[Label]:
    """Raises: ModelFileError: where they are not two labels or more, each once."""
    if not isinstance(value, list) or len(value) < 2:
        raise ModelFileError("its labels are malformed")
    kinds = {type(label) for label in value}
    if not any(kinds <= alike for alike in ({str}, {bool}, {int, float})):
        raise ModelFileError("its labels are neither all words nor all numbers")
    if "" in value or not all(math.isfinite(label) for label in value if type(label) is float):
        raise ModelFileError("one of its labels is none")
    if len(set(value)) != len(value):
        raise ModelFileError("each of its labels should be there once")
    return value


def _checked_calibration(value: object) -> Calibration:
    if not isinstance(value, dict) or value.keys() != set(Calibration._fields):
        raise ModelFileError("its calibration is malformed")
    number("temperature", value["temperature"], lambda x: 0 < x < math.inf, "above 0")
    number("rejection", value["rejection"], lambda x: 0 <= x <= 1, "from 0 to 1")
    return Calibration(**value)
