"""Checks of the model file of a translator or describer."""

from __future__ import annotations

from elman.errors import ModelFileError
from elman.nn.config import Seq2SeqConfig
from elman.tasks.seq2seq.config import checked_seq2seq
from elman.tasks.seq2seq.generation import LengthLimit
from elman.tasks.seq2seq.text_codec import CODEC_TOKENIZERS, TextCodec
from elman.text.tokenizers.table import tokenizer_from_json

_LONGEST = 1e6  # tokens that a file may allow a target


def checked_codecs(value: object) -> dict[str, TextCodec]:
    """The vocabularies that a model file holds: "target", and "source" where it has its own.

    Raises:
        ModelFileError: they are malformed.
    """
    if not isinstance(value, dict) or "target" not in value or value.keys() - {"target", "source"}:
        raise ModelFileError("its vocabularies are not those of a source and a target")
    tokenizers = {name: tokenizer_from_json(each) for name, each in value.items()}
    if any(tokenizer.name not in CODEC_TOKENIZERS for tokenizer in tokenizers.values()):
        raise ModelFileError("its vocabularies are neither of subwords nor of characters")
    return {name: TextCodec(tokenizer) for name, tokenizer in tokenizers.items()}


def checked_seq2seq_config(
    value: object, known: tuple[str, str, str], codecs: dict[str, TextCodec]
) -> Seq2SeqConfig:
    """The encoder and decoder that a model file describes.

    Args:
        known: cell, attention and order as its settings have them.
        codecs: its vocabularies.

    Raises:
        ModelFileError: they are malformed, or do not go together; SettingError: a value is out
            of range.
    """
    config = checked_seq2seq(value, codecs["target"].tokenizer.size)
    if known != (config.blocks.cell, config.attention, config.order):
        raise ModelFileError("its settings are not those of its network")
    source = codecs.get("source")
    of_vectors = config.order == "vector"
    if not of_vectors and config.source != (0 if source is None else source.tokenizer.size):
        raise ModelFileError("its source's vocabulary is not that of its network")
    if of_vectors and source is not None:
        raise ModelFileError("its source is a vector and has a vocabulary")
    return config


def checked_limit(value: object) -> LengthLimit:
    """The limit of a target's length that a model file holds.

    Raises:
        ModelFileError: it is malformed.
    """

    def sound(each: object) -> bool:
        if isinstance(each, bool) or not isinstance(each, int | float):
            return False
        return 0 <= each <= _LONGEST

    if not isinstance(value, list) or len(value) != 2 or not all(map(sound, value)):
        raise ModelFileError("the limit of its targets' length is malformed")
    return LengthLimit(*map(float, value))
