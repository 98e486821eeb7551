"""A language model as a file, and back: what is in it, and what must hold before it is believed."""

from __future__ import annotations

import dataclasses
from collections import Counter
from typing import Any, NamedTuple

from elman.bundle import Bundle
from elman.errors import ModelFileError, SettingError
from elman.models.language_settings import LanguageSettings, checked_learned
from elman.models.opening import network_from, record_of
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
    except (ModelFileError, SettingError) as error:
        bundle.refuse(str(error))
    record = record_of(bundle)
    network = network_from(bundle, lambda: SymbolNetwork(architecture))
    return Opened(settings, network, unit, learned, record)
