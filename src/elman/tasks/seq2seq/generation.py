"""What a translator and a describer do alike: they write targets.

Shapes: N sources, T tokens of a target, S tokens of a source.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from elman.decoding.beam import BeamSettings, Hypothesis, beam_search
from elman.nn.native_step import Step
from elman.nn.seq2seq import EncoderDecoder
from elman.ranges import whole
from elman.tasks.seq2seq.text_codec import TextCodec
from elman.text.tokenizers.tokenizer import BOUNDARY
from elman.training.dataset import Dataset, TokenDataset
from elman.training.precision import fast_products
from elman.training.samplers import by_length

TOGETHER = 320  # targets that are followed at once, over all sources
TOKENS_TOGETHER = 2**14

REPEATS = {"subword": 3, "character": 8}
"""How often a phrase may repeat in a row, by tokenizer: a number may have four zeros on end, hardly
any text a word four times."""


class LengthLimit(NamedTuple):
    """How many tokens a target may have: slope * (tokens of its source) + room."""

    slope: float
    room: float

    @classmethod
    def learn(cls, sources: Dataset, targets: TokenDataset) -> LengthLimit:
        """Targets are mostly so long as their sources make them; nearly all that were seen, and
        as many tokens more as there were in the longest surprise, fit."""
        slope = float(np.median(targets.lengths / sources.lengths)) if _vary(sources) else 0.0
        surprises = targets.lengths - slope * sources.lengths
        return cls(slope, 5 + 1.2 * max(0.0, float(np.quantile(surprises, 0.999))))

    def of(self, lengths: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
        """(N,) tokens of sources -> (N,) of targets, at most."""
        return np.ceil(self.slope * lengths + self.room).astype(np.int64)


def _vary(sources: Dataset) -> bool:
    return bool((sources.lengths != sources.lengths[0]).any())


@dataclass(frozen=True)
class GeneratedText:
    """A target that was found for a source.

    Attributes:
        text: the target.
        score: what the targets of a source are ranked by: the mean of its tokens'
            log-probabilities, in nats.
        probability: of the whole target.
        pieces: what each of its tokens writes, "" for the one that ends it; and their
            probabilities.
        attention: (T, S) how much each token of the source counted for each of these; None
            where nobody asked, or the network has no attention.
        source: what stands for each of the S tokens.
    """

    text: str
    score: float
    probability: float
    pieces: list[str]
    probabilities: list[float]
    attention: list[list[float]] | None = None
    source: list[str] | None = None

    @property
    def words(self) -> list[tuple[str, float]]:
        """Each word with its probability, that of its tokens together."""
        found: list[tuple[str, float]] = []
        apart = True  # whether what comes next begins a word
        unfinished = 1.0  # of the bytes so far of a character that takes several
        for piece, its in zip(self.pieces, self.probabilities, strict=True):
            probability = unfinished * its
            if not piece:
                unfinished = probability
                continue
            if apart or piece[0].isspace():
                found.append((piece.strip(), probability))
            else:
                word, before = found[-1]
                found[-1] = (word + piece.strip(), before * probability)
            apart, unfinished = piece[-1].isspace(), 1.0
        return [each for each in found if each[0]]


def search_settings(side: TextCodec, beam: int, count: int) -> BeamSettings:
    """How `count` targets are looked for, by a beam that is no smaller.

    Raises:
        SettingError: for a count or a beam out of its range.
    """
    whole("count", count, 1, 100)
    whole("beam", beam, 1, 100)
    return BeamSettings(beam=max(beam, count), repeats=REPEATS[side.tokenizer.name])


def generate(
    network: EncoderDecoder,
    sources: Dataset,
    limit: LengthLimit,
    settings: BeamSettings,
    step: Step,
) -> list[list[Hypothesis]]:
    """Of each source its best targets, the best first; step: the network's."""
    found: list[list[Hypothesis]] = [[] for _ in range(len(sources))]
    device = next(network.parameters()).device
    rows = max(1, TOGETHER // settings.beam)
    for chosen in by_length(sources.lengths, rows, TOKENS_TOGETHER):
        limits = limit.of(sources.lengths[chosen])
        with fast_products(device):
            answers = beam_search(
                network, sources.collate(chosen), limits, BOUNDARY, settings, step
            )
        for place, answer in zip(chosen.tolist(), answers, strict=True):
            found[place] = answer
    return found


def generated_text(found: Hypothesis, side: TextCodec) -> GeneratedText:
    """A target as text, from its tokens."""
    pieces = side.pieces(found.tokens)
    return GeneratedText(
        text=side.decode(found.tokens),
        score=found.score,
        probability=float(np.exp(found.log_probability)),
        pieces=pieces + [""] * (len(found.log_probabilities) - len(pieces)),
        probabilities=np.exp(found.log_probabilities).tolist(),
    )


def ended(found: Hypothesis) -> npt.NDArray[np.int64]:
    """A target's tokens (T,), with the one that ends it unless it was cut."""
    return np.append(found.tokens, BOUNDARY)[: len(found.log_probabilities)]


def attention_of(
    network: EncoderDecoder, sources: Dataset, place: int, found: Sequence[Hypothesis]
) -> list[list[list[float]]]:
    """Of each target of a source (T, S), how much each token of the source counted for each of
    the target's, the end included unless the target was cut."""
    looks = []
    with torch.inference_mode():
        begun = network.encode(sources.collate(np.array([place])))
        for each in found:
            read = np.append(BOUNDARY, each.tokens)[: len(each.log_probabilities)]
            _, attention, _ = network.attend(torch.from_numpy(read)[:, None], begun)
            looks.append(attention[0].tolist())
    return looks
