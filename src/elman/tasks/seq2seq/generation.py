"""Generation of target texts by beam search.

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
from elman.ranges import check_integer
from elman.tasks.seq2seq.text_codec import TextCodec
from elman.text.tokenizers.tokenizer import BOUNDARY
from elman.training.dataset import Dataset, TokenDataset
from elman.training.precision import fast_products
from elman.training.samplers import by_length

MAX_HYPOTHESES = 320  # of a batch, over all sources
TOKENS_PER_BATCH = 2**14

REPEATS = {"subword": 3, "character": 8}
"""How often a phrase may occur in a row, by tokenizer: numbers may have four zeros, but texts
rarely repeat a word four times."""


class LengthLimit(NamedTuple):
    """The maximum length of a target: slope * (tokens of its source) + room, in tokens."""

    slope: float
    room: float

    @classmethod
    def learn(cls, sources: Dataset, targets: TokenDataset) -> LengthLimit:
        """Fit the limit to training pairs: the median ratio of lengths, with a margin that covers
        99.9 % of the pairs."""
        slope = float(np.median(targets.lengths / sources.lengths)) if _vary(sources) else 0.0
        excess = targets.lengths - slope * sources.lengths
        return cls(slope, 5 + 1.2 * max(0.0, float(np.quantile(excess, 0.999))))

    def of(self, lengths: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
        """Maximum lengths of targets (N,) for lengths of sources (N,)."""
        return np.ceil(self.slope * lengths + self.room).astype(np.int64)


def _vary(sources: Dataset) -> bool:
    return bool((sources.lengths != sources.lengths[0]).any())


@dataclass(frozen=True)
class GeneratedText:
    """A generated target text.

    Attributes:
        text: the target.
        score: rank criterion, the mean log-probability of its tokens, in nats.
        probability: of the whole target, 0 to 1.
        pieces: (T,) the text of each token; "" for the end token.
        probabilities: (T,) of each token, 0 to 1.
        attention: (T, S) attention weights; None if not requested, or without attention.
        source: (S,) the text of each source token; None if `attention` is.
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
        """Each word with its probability, the product over its tokens."""
        words: list[tuple[str, float]] = []
        at_start = True  # whether the next piece begins a word
        unfinished = 1.0  # probability of the first bytes of an incomplete character
        for piece, token_probability in zip(self.pieces, self.probabilities, strict=True):
            probability = unfinished * token_probability
            if not piece:
                unfinished = probability
                continue
            if at_start or piece[0].isspace():
                words.append((piece.strip(), probability))
            else:
                word, before = words[-1]
                words[-1] = (word + piece.strip(), before * probability)
            at_start, unfinished = piece[-1].isspace(), 1.0
        return [each for each in words if each[0]]


def search_settings(codec: TextCodec, beam: int, count: int) -> BeamSettings:
    """Settings of a beam search.

    Args:
        codec: of the targets.
        beam: hypotheses kept, 1 to 100; raised to `count` if smaller.
        count: targets to return, 1 to 100.

    Raises:
        SettingError: a value is out of range.
    """
    check_integer("count", count, 1, 100)
    check_integer("beam", beam, 1, 100)
    return BeamSettings(beam=max(beam, count), repeats=REPEATS[codec.tokenizer.name])


def generate(
    network: EncoderDecoder,
    sources: Dataset,
    limit: LengthLimit,
    settings: BeamSettings,
    step: Step,
) -> list[list[Hypothesis]]:
    """The best targets of each source, best first.

    Args:
        network: encoder and decoder.
        sources: N sources.
        limit: maximum length of targets.
        settings: of the search.
        step: single step of the decoder.
    """
    targets: list[list[Hypothesis]] = [[] for _ in range(len(sources))]
    device = next(network.parameters()).device
    rows = max(1, MAX_HYPOTHESES // settings.beam)
    for chosen in by_length(sources.lengths, rows, TOKENS_PER_BATCH):
        limits = limit.of(sources.lengths[chosen])
        with fast_products(device):
            answers = beam_search(
                network, sources.collate(chosen), limits, BOUNDARY, settings, step
            )
        for index, answer in zip(chosen.tolist(), answers, strict=True):
            targets[index] = answer
    return targets


def generated_text(target: Hypothesis, codec: TextCodec) -> GeneratedText:
    """Decode a target."""
    pieces = codec.pieces(target.tokens)
    return GeneratedText(
        text=codec.decode(target.tokens),
        score=target.score,
        probability=float(np.exp(target.log_probability)),
        pieces=pieces + [""] * (len(target.log_probabilities) - len(pieces)),
        probabilities=np.exp(target.log_probabilities).tolist(),
    )


def with_end(target: Hypothesis) -> npt.NDArray[np.int64]:
    """The tokens (T,) of a target, including the end token unless it was cut."""
    return np.append(target.tokens, BOUNDARY)[: len(target.log_probabilities)]


def attention_weights(
    network: EncoderDecoder, sources: Dataset, index: int, targets: Sequence[Hypothesis]
) -> list[list[list[float]]]:
    """Attention weights (T, S) of each target of one source.

    Args:
        network: encoder and decoder.
        sources: N sources.
        index: of the source.
        targets: its targets.
    """
    weights = []
    with torch.inference_mode():
        start = network.encode(sources.collate(np.array([index])))
        for each in targets:
            inputs = np.append(BOUNDARY, each.tokens)[: len(each.log_probabilities)]
            _, attention, _ = network.attend(torch.from_numpy(inputs)[:, None], start)
            weights.append(attention[0].tolist())
    return weights
