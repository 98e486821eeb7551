"""A classifier's settings, and what its network is built from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from elman.nn.config import EncoderConfig
from elman.ranges import check_choice, check_integer, check_number
from elman.tasks.architecture import EncoderRecipe
from elman.tasks.settings import CountedSettings, changed, setting
from elman.tasks.tokenization import ENCODER_TOKENIZERS, encoder_config
from elman.text.subword_hashing import HashedVocabulary
from elman.text.tokenizers.tokenizer import Tokenizer

AUTO = "auto"
BALANCED = "balanced"
SMOOTHING = 0.1

RECIPES = {
    "character": EncoderRecipe(256, 0.3, 3e-3, 0.5, hidden_dropout=0.15, epochs=13, batch_size=64),
    "subword": EncoderRecipe(128, 0.25, 3e-3, 0.3, hidden_dropout=0.25, epochs=10, batch_size=64),
    "word": EncoderRecipe(128, 0.25, 3e-3, 0.3, hidden_dropout=0.25, epochs=10, batch_size=64),
}


def _check_class_weight(location: str, value: Any) -> None:
    if not isinstance(value, Mapping):
        check_choice(location, value, names=(BALANCED,))
        return
    for label, weight in value.items():
        check_number(f"{location} of {label!r}", weight, lambda w: w > 0, "above 0")


def _restored_class_weight(value: Any) -> Any:
    """The pairs of a model file as a dict; anything else as it is, for the check to refuse."""
    pairs = isinstance(value, list) and all(isinstance(each, list) for each in value)
    hashable = pairs and all(
        len(each) == 2 and not isinstance(each[0], list | dict) for each in value
    )
    return dict(value) if hashable else value


@dataclass(kw_only=True, eq=False, repr=False)
class ClassifierSettings(CountedSettings):
    """The settings of `Classifier`."""

    tokenizer: str = setting(
        AUTO,
        'what one token is, "character", "word" or "subword"; "auto" tries all three and takes '
        "the one that does best on the held-out texts.",
        partial(check_choice, names=(AUTO, *ENCODER_TOKENIZERS)),
    )
    counts: str = changed(
        CountedSettings,
        "counts",
        "on",
        '"on" answers with a linear model of word and character n-grams beside the network, '
        '"off" with the network alone, "only" without a network.',
    )
    directions: int = setting(
        1,
        "1 reads from the beginning, so that `step` can answer after every word; 2 also from the "
        "end.",
        partial(check_integer, least=1, most=2),
    )
    class_weight: str | Mapping[Any, float] | None = setting(
        None,
        '"balanced" gives rare classes more weight, by the cube root of how much rarer than the '
        "mean they are; a dict has the weight of each label, 1 for those that it leaves out; None "
        "weighs all classes the same.",
        _check_class_weight,
        _restored_class_weight,
    )

    @classmethod
    def _network_settings(cls) -> tuple[str, ...]:
        return *super()._network_settings(), "directions", "tokenizer"


def encoder_of(
    settings: ClassifierSettings, tokenizer: Tokenizer | HashedVocabulary
) -> EncoderConfig:
    """What the encoder of a vocabulary is built from."""
    blocks = RECIPES[tokenizer.name].stack_of(settings, tokenizer.size)
    return encoder_config(tokenizer, blocks, settings.directions)
