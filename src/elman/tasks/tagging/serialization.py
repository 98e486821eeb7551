"""A tagger as a file, and back: what is in it, and what must hold before it is believed."""

from __future__ import annotations

import dataclasses
from typing import Any, NamedTuple

import torch

from elman.bundle import Bundle
from elman.errors import ModelFileError, SettingError
from elman.nn.crf import Transitions
from elman.nn.encoder import EncoderConfig
from elman.nn.tagger import TaggerNetwork
from elman.tasks.encoder_config import checked_encoder
from elman.tasks.tagging.config import RECIPE, TaggerTrainingConfig
from elman.tasks.weights import load_network, record_of
from elman.text.subword_hashing import BUCKETS, HashedVocabulary
from elman.text.tag_vocabulary import TagVocabulary


class TaggerFile(NamedTuple):
    """All that a tagger's file holds."""

    settings: TaggerTrainingConfig
    network: TaggerNetwork
    lexicon: HashedVocabulary
    vocabulary: TagVocabulary
    record: dict[str, Any]


def contents(
    network: TaggerNetwork,
    lexicon: HashedVocabulary,
    vocabulary: TagVocabulary,
    record: dict[str, Any],
) -> dict[str, Any]:
    """The plain data of a file, besides the settings that every model has."""
    return {
        "reader": dataclasses.asdict(network.reader.config),
        "vocabulary": lexicon.to_json(),
        "tags": vocabulary.to_json(),
        "training": record,
    }


def built(reading: EncoderConfig, vocabulary: TagVocabulary, dropout: float) -> TaggerNetwork:
    """A new network that keeps to the rules of these tags."""
    allowed = Transitions(*map(torch.from_numpy, vocabulary.transitions))
    return TaggerNetwork(reading, allowed, dropout)


def opened(bundle: Bundle) -> TaggerFile:
    """What a file holds.

    Raises:
        ModelFileError: where anything in it is not as `contents` and the network have it.
    """
    about = bundle.about
    try:
        settings = TaggerTrainingConfig.from_json(about.get("settings"))
        lexicon = HashedVocabulary.from_json(about.get("vocabulary"))
        vocabulary = TagVocabulary.from_json(about.get("tags"))
        reading = checked_encoder(about.get("reader"), lexicon.size, BUCKETS)
        if settings.cell != reading.blocks.cell:
            raise ModelFileError("its settings are not those of its network")
    except (ModelFileError, SettingError) as error:
        bundle.refuse(str(error))
    record = record_of(bundle)
    dropout = settings.outer_dropout(RECIPE)
    network = load_network(bundle, lambda: built(reading, vocabulary, dropout))
    return TaggerFile(settings, network, lexicon, vocabulary, record)
