"""A tagger's settings, and what its network is built from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from elman.nn.config import EncoderConfig
from elman.tasks.architecture import EncoderRecipe
from elman.tasks.settings import CountedSettings, NetworkSettings, changed
from elman.tasks.tokenization import encoder_config
from elman.text.subword_hashing import HashedVocabulary
from elman.text.tag_vocabulary import TagVocabulary

if TYPE_CHECKING:
    from elman.nn.crf import Transitions
    from elman.nn.tagger import TaggerNetwork

RECIPE = EncoderRecipe(128, 0.5, 3e-3, 0.3, hidden_dropout=0.1, epochs=8, batch_size=32)


@dataclass(kw_only=True, eq=False, repr=False)
class TaggerSettings(CountedSettings):
    """The settings of `Tagger`."""

    layers: int = changed(
        NetworkSettings, "layers", 1, "blocks, one above the other, in each direction, 1 to 64."
    )
    counts: str = changed(
        CountedSettings,
        "counts",
        "on",
        '"on" answers with a linear model of words in context beside the network, "off" with '
        'the network alone, "only" without a network.',
    )


def encoder_of(settings: TaggerSettings, lexicon: HashedVocabulary) -> EncoderConfig:
    """What the encoder of a lexicon's words is built from, in both directions."""
    return encoder_config(lexicon, RECIPE.stack_of(settings, lexicon.size), directions=2)


def allowed_of(vocabulary: TagVocabulary) -> Transitions:
    """Which tags may be first, follow each other, and be last."""
    import torch

    from elman.nn.crf import Transitions

    return Transitions(*map(torch.from_numpy, vocabulary.transitions))


def built(
    reading: EncoderConfig, vocabulary: TagVocabulary, dropout: float, buckets: int = 0
) -> TaggerNetwork:
    """A new network that keeps to the rules of these tags, beside a linear model of as many
    buckets, if any."""
    from elman.nn.tagger import TaggerNetwork

    return TaggerNetwork(reading, allowed_of(vocabulary), dropout, buckets)
