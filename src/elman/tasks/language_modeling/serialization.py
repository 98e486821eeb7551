"""A language model as a file, and back: what is in it, and what must hold before it is believed."""

from __future__ import annotations

import dataclasses
from collections import Counter
from typing import Any, NamedTuple

from elman.bundle import Bundle
from elman.errors import ModelFileError, SettingError
from elman.nn.language_model import LanguageModelNetwork
from elman.tasks.config import checked_stack
from elman.tasks.language_modeling.config import LanguageModelTrainingConfig, checked_learned
from elman.tasks.weights import load_network, record_of
from elman.text.tokenizers.table import tokenizer_from_json
from elman.text.tokenizers.tokenizer import Tokenizer


class LanguageModelFile(NamedTuple):
    """All that a language model's file holds."""

    settings: LanguageModelTrainingConfig
    network: LanguageModelNetwork
    tokenizer: Tokenizer
    learned: Counter[str]
    record: dict[str, Any]


def contents(
    network: LanguageModelNetwork,
    tokenizer: Tokenizer,
    learned: Counter[str],
    record: dict[str, Any],
) -> dict[str, Any]:
    """The plain data of a file, besides the settings that every model has."""
    return {
        "architecture": dataclasses.asdict(network.config),
        "vocabulary": tokenizer.to_json(),
        "learned": dict(learned),
        "training": record,
    }


def opened(bundle: Bundle) -> LanguageModelFile:
    """What a file holds.

    Raises:
        ModelFileError: where anything in it is not as `contents` and the network have it.
    """
    about = bundle.about
    try:
        settings = LanguageModelTrainingConfig.from_json(about.get("settings"))
        tokenizer = tokenizer_from_json(about.get("vocabulary"))
        architecture = checked_stack(about.get("architecture"), tokenizer.size)
        learned = checked_learned(about.get("learned"))
        if (settings.tokenizer, settings.cell) != (tokenizer.name, architecture.cell):
            raise ModelFileError("its settings are not those of its vocabulary and network")
    except (ModelFileError, SettingError) as error:
        bundle.refuse(str(error))
    record = record_of(bundle)
    network = load_network(bundle, lambda: LanguageModelNetwork(architecture))
    return LanguageModelFile(settings, network, tokenizer, learned, record)
