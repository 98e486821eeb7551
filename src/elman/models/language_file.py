"""A language model as a file, and back: what is in it, and what must hold before it is believed."""

from __future__ import annotations

import dataclasses
from collections import Counter
from typing import Any, NamedTuple

import torch

from elman.bundle import Bundle, layout_of
from elman.errors import ModelFileError, SettingError
from elman.models.language_settings import LanguageSettings, checked_learned
from elman.models.settings import checked_architecture
from elman.network import SymbolNetwork
from elman.text import Unit, unit_from_json


class Opened(NamedTuple):
    """All that a language model's file holds."""

    settings: LanguageSettings
    network: SymbolNetwork
    unit: Unit
    learned: Counter[str]
    record: dict[str, Any]


def contents(
    network: SymbolNetwork, unit: Unit, learned: Counter[str], record: dict[str, Any]
) -> dict[str, Any]:
    """The plain data of a file, besides the settings that every model has."""
    return {
        "architecture": dataclasses.asdict(network.architecture),
        "vocabulary": unit.to_json(),
        "learned": dict(learned),
        "training": record,
    }


def opened(bundle: Bundle) -> Opened:
    """What a file holds.

    Raises:
        ModelFileError: where anything in it is not as `contents` and the network have it.
    """
    about = bundle.about
    try:
        settings = LanguageSettings.from_json(about.get("settings"))
        unit = unit_from_json(about.get("vocabulary"))
        architecture = checked_architecture(about.get("architecture"), unit.size)
        learned = checked_learned(about.get("learned"))
        if (settings.unit, settings.cell) != (unit.name, architecture.cell):
            raise ModelFileError("its settings are not those of its vocabulary and network")
        # On the meta device a network has shapes but no memory: the file is compared with it
        # before anything is taken.
        with torch.device("meta"):
            expected = layout_of(dict(SymbolNetwork(architecture).named_parameters()))
    except (ModelFileError, SettingError) as error:
        bundle.refuse(str(error))
    record = about.get("training")
    if not isinstance(record, dict):
        bundle.refuse("it has no record of its training")
    tensors = bundle.tensors(expected)
    network = SymbolNetwork(architecture).eval()
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            parameter.copy_(tensors[name])
    return Opened(settings, network, unit, learned, record)
