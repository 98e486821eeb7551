"""A tagger as a file, and back: what is in it, and what must hold before it is believed."""

from __future__ import annotations

import dataclasses
from typing import Any, NamedTuple

import torch

from elman.bundle import Bundle
from elman.errors import ModelFileError, SettingError
from elman.models.opening import network_from, record_of
from elman.models.reader_settings import checked_reading
from elman.models.tagger_settings import RECIPE, TaggerSettings
from elman.network import Reading, TagNetwork, Transitions
from elman.text import BUCKETS, Lexicon, TagVocabulary


class Opened(NamedTuple):
    """All that a tagger's file holds."""

    settings: TaggerSettings
    network: TagNetwork
    lexicon: Lexicon
    vocabulary: TagVocabulary
    record: dict[str, Any]


def contents(
    network: TagNetwork, lexicon: Lexicon, vocabulary: TagVocabulary, record: dict[str, Any]
) -> dict[str, Any]:
    """The plain data of a file, besides the settings that every model has."""
    return {
        "reader": dataclasses.asdict(network.reader.reading),
        "vocabulary": lexicon.to_json(),
        "tags": vocabulary.to_json(),
        "training": record,
    }


def built(reading: Reading, vocabulary: TagVocabulary, dropout: float) -> TagNetwork:
    """A new network that keeps to the rules of these tags."""
    allowed = Transitions(*map(torch.from_numpy, vocabulary.transitions))
    return TagNetwork(reading, allowed, dropout)


def opened(bundle: Bundle) -> Opened:
    """What a file holds.

    Raises:
        ModelFileError: where anything in it is not as `contents` and the network have it.
    """
    about = bundle.about
    try:
        settings = TaggerSettings.from_json(about.get("settings"))
        lexicon = Lexicon.from_json(about.get("vocabulary"))
        vocabulary = TagVocabulary.from_json(about.get("tags"))
        reading = checked_reading(about.get("reader"), lexicon.size, BUCKETS)
        if settings.cell != reading.blocks.cell:
            raise ModelFileError("its settings are not those of its network")
    except (ModelFileError, SettingError) as error:
        bundle.refuse(str(error))
    record = record_of(bundle)
    dropout = settings.silenced(RECIPE)
    network = network_from(bundle, lambda: built(reading, vocabulary, dropout))
    return Opened(settings, network, lexicon, vocabulary, record)
