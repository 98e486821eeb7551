"""The settings of what writes a target from a source, and what its network is built from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from elman.errors import ModelFileError
from elman.nn.config import ATTENTIONS, ORDERS, Seq2SeqConfig
from elman.ranges import check_choice, check_integer
from elman.tasks.architecture import LARGEST_VOCABULARY, BlockRecipe, checked_stack
from elman.tasks.seq2seq.text_codec import CODEC_TOKENIZERS
from elman.tasks.settings import NetworkSettings, changed, counts_setting, setting

WIDEST_VECTOR = 65_536


@dataclass(frozen=True)
class Seq2SeqRecipe(BlockRecipe):
    """The recipe of an encoder and a decoder; its dropout is also that of a vector's numbers.

    Args:
        tokens: of a batch, sources and targets together.
    """

    tokens: int


SMOOTHING = 0.1
EMA_DECAY = 0.1

RECIPES = {
    "subword": Seq2SeqRecipe(256, 0.2, 2e-3, 0.1, hidden_dropout=0.1, epochs=16, tokens=3_000),
    "character": Seq2SeqRecipe(192, 0.1, 2e-3, 0.1, hidden_dropout=0.05, epochs=20, tokens=2_500),
    "vector": Seq2SeqRecipe(128, 0.2, 2e-3, 0.1, hidden_dropout=0.1, epochs=40, tokens=300),
}
"""By the tokenizer of the source; or where it is a vector."""


@dataclass(kw_only=True, eq=False, repr=False)
class Seq2SeqSettings(NetworkSettings):
    """The settings that `Translator` and `Describer` have in common."""

    layers: int = changed(NetworkSettings, "layers", 2)
    tokenizer: str = setting(
        "auto",
        'what one token of a text is, "subword" or "character"; "auto" chooses for each side.',
        partial(check_choice, names=(*CODEC_TOKENIZERS, "auto")),
    )


@dataclass(kw_only=True, eq=False, repr=False)
class DescriberSettings(Seq2SeqSettings):
    """The settings of `Describer`."""

    counts: str = counts_setting(
        "whether to answer with the nearest training vectors beside the network, where they help "
        'on the held-out ones, "on" or "off".'
    )


@dataclass(kw_only=True, eq=False, repr=False)
class TranslatorSettings(Seq2SeqSettings):
    """The settings of `Translator`."""

    layers: int = changed(
        Seq2SeqSettings,
        "layers",
        2,
        "blocks of the decoder, 1 to 64; the encoder has as many for each direction.",
    )
    attention: str = setting(
        "dot",
        'how the decoder weighs the places of the source, "dot" or "additive"; with "none" all it '
        "has of the source is one vector (I. Sutskever et al., 2014).",
        partial(check_choice, names=ATTENTIONS),
    )
    order: str = setting(
        "both",
        'how the source is read: from "both" ends, "forward", or "reversed", from its end alone.',
        partial(check_choice, names=ORDERS),
    )


def checked_seq2seq(value: object, vocabulary: int) -> Seq2SeqConfig:
    """Check the configuration of an encoder-decoder in a model file.

    Args:
        value: the configuration as plain data.
        vocabulary: the size of the target vocabulary.

    Raises:
        ModelFileError: it is not one.
        SettingError: a value is out of range.
    """
    if not isinstance(value, dict) or value.keys() != {"blocks", "source", "attention", "order"}:
        raise ModelFileError("its encoder-decoder is not one that is known here")
    check_choice("attention", value["attention"], ATTENTIONS)
    check_choice("order", value["order"], (*ORDERS, "vector"))
    of_vectors = value["order"] == "vector"
    check_integer("source", value["source"], int(of_vectors), _most_sources(of_vectors))
    blocks = checked_stack(value["blocks"], vocabulary)
    fields: dict[str, Any] = {**value, "blocks": blocks}
    return Seq2SeqConfig(**fields)


def _most_sources(of_vectors: bool) -> int:
    return WIDEST_VECTOR if of_vectors else LARGEST_VOCABULARY
