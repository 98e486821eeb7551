"""A translator or a describer as a file, and back: what must hold before it is believed."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Generic, NamedTuple, TypeVar

from elman.bundle import Bundle
from elman.errors import ModelFileError, SettingError
from elman.nn.seq2seq import EncoderDecoder, Seq2SeqConfig
from elman.tasks.seq2seq.config import RECIPES, Seq2SeqTrainingConfig, checked_seq2seq
from elman.tasks.seq2seq.generation import LengthLimit
from elman.tasks.seq2seq.text_codec import CODEC_TOKENIZERS, TextCodec
from elman.tasks.weights import load_network, record_of
from elman.text.tokenizers.table import tokenizer_from_json

Settings = TypeVar("Settings", bound=Seq2SeqTrainingConfig)

_LONGEST = 1e6  # tokens that a file may allow a target


class Seq2SeqFile(NamedTuple, Generic[Settings]):
    """All that such a file holds."""

    settings: Settings
    network: EncoderDecoder
    source: TextCodec | None  # of its own, where it does not share the target's and is no vector
    target: TextCodec
    limit: LengthLimit
    record: dict[str, Any]


def contents(
    network: EncoderDecoder,
    sides: Mapping[str, TextCodec],
    limit: LengthLimit,
    record: dict[str, Any],
) -> dict[str, Any]:
    """The plain data of a file, besides the settings that every model has.

    Args:
        sides: "target", and "source" where it has a vocabulary of its own.
    """
    return {
        "rewriter": dataclasses.asdict(network.config),
        "vocabularies": {name: side.tokenizer.to_json() for name, side in sides.items()},
        "limit": list(limit),
        "training": record,
    }


def opened(bundle: Bundle, kind: type[Settings]) -> Seq2SeqFile[Settings]:
    """What a file holds.

    Raises:
        ModelFileError: where anything in it is not as `contents` and the network have it.
    """
    about = bundle.about
    try:
        settings = kind.from_json(about.get("settings"))
        sides = _sides(about.get("vocabularies"))
        target, source = sides["target"], sides.get("source")
        rewriting = checked_seq2seq(about.get("rewriter"), target.tokenizer.size)
        _check_together(settings, rewriting, source)
        limit = _limit(about.get("limit"))
    except (ModelFileError, SettingError) as error:
        bundle.refuse(str(error))
    record = record_of(bundle)
    of_vectors = rewriting.order == "vector"
    recipe = RECIPES["vector" if of_vectors else (source or target).tokenizer.name]
    dropout = settings.outer_dropout(recipe)
    network = load_network(bundle, lambda: EncoderDecoder(rewriting, dropout))
    return Seq2SeqFile(settings, network, source, target, limit, record)


def _sides(value: object) -> dict[str, TextCodec]:
    if not isinstance(value, dict) or "target" not in value or value.keys() - {"target", "source"}:
        raise ModelFileError("its vocabularies are not those of a source and a target")
    tokenizers = {name: tokenizer_from_json(each) for name, each in value.items()}
    if any(tokenizer.name not in CODEC_TOKENIZERS for tokenizer in tokenizers.values()):
        raise ModelFileError("its vocabularies are neither of subwords nor of characters")
    return {name: TextCodec(tokenizer) for name, tokenizer in tokenizers.items()}


def _check_together(
    settings: Seq2SeqTrainingConfig, rewriting: Seq2SeqConfig, source: TextCodec | None
) -> None:
    told = dataclasses.asdict(settings)
    attention, order = told.get("attention", "none"), told.get("order", "vector")
    if (settings.cell, attention, order) != (
        rewriting.blocks.cell,
        rewriting.attention,
        rewriting.order,
    ):
        raise ModelFileError("its settings are not those of its network")
    if order != "vector" and rewriting.source != (0 if source is None else source.tokenizer.size):
        raise ModelFileError("its source's vocabulary is not that of its network")
    if order == "vector" and source is not None:
        raise ModelFileError("its source is a vector and has a vocabulary")


def _limit(value: object) -> LengthLimit:
    def sound(each: object) -> bool:
        if isinstance(each, bool) or not isinstance(each, int | float):
            return False
        return 0 <= each <= _LONGEST

    if not isinstance(value, list) or len(value) != 2 or not all(map(sound, value)):
        raise ModelFileError("the limit of its targets' length is none")
    return LengthLimit(*map(float, value))
