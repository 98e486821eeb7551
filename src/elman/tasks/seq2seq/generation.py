"""Generation of target texts by beam search.

Shapes: N sources, T tokens of a target, S tokens of a source, K targets of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from elman.decoding.beam import BeamSettings, Hypothesis, beam_search
from elman.nn.compiled.formulas import subtract_max
from elman.nn.compiled.network import rows_of
from elman.nn.compiled.seq2seq import ArraySeq2Seq, Sources, TargetState, some_of
from elman.ranges import check_integer
from elman.tasks.seq2seq.text_codec import TextCodec
from elman.text.tokenizers.tokenizer import BOUNDARY
from elman.training.samplers import by_length

if TYPE_CHECKING:
    from elman.training.dataset import Dataset, TokenDataset

MAX_HYPOTHESES = 320  # of a batch, over all sources
TOKENS_PER_BATCH = 2**14
LOGITS = 2**23  # of a step, over all targets that are scored

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
    network: ArraySeq2Seq, sources: Sources, limit: LengthLimit, settings: BeamSettings
) -> list[list[Hypothesis]]:
    """The best targets of each source, best first.

    Args:
        network: encoder and decoder.
        sources: N texts or vectors.
        limit: maximum length of targets.
        settings: of the search.
    """
    targets: list[list[Hypothesis]] = [[] for _ in sources]
    lengths = np.ones(len(sources), dtype=np.int64)
    if not isinstance(sources, np.ndarray):
        lengths[:] = [len(each) for each in sources]
    rows = max(1, MAX_HYPOTHESES // settings.beam)
    for chosen in by_length(lengths, rows, TOKENS_PER_BATCH):
        limits = limit.of(lengths[chosen])
        answers = beam_search(network, some_of(sources, chosen), limits, BOUNDARY, settings)
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
    network: ArraySeq2Seq, source: npt.NDArray[np.int64], targets: Sequence[Hypothesis]
) -> list[list[list[float]]]:
    """Attention weights (T, S) of each of K targets of one source.

    Args:
        network: encoder and decoder.
        source: (S,) its tokens.
        targets: its targets.
    """
    start = network.encode([source])
    start = start._replace(state=rows_of(start.state, np.zeros(len(targets), dtype=np.int64)))
    lengths = [len(each.log_probabilities) for each in targets]
    inputs = np.full((max(lengths), len(targets)), BOUNDARY)  # (T, K)
    for column, each in zip(inputs.T, targets, strict=True):
        read = each.tokens[: len(column) - 1]
        column[1 : 1 + len(read)] = read
    weights = network.attention(inputs, start)
    return [own[:length].tolist() for own, length in zip(weights, lengths, strict=True)]


def token_log_probabilities(
    network: ArraySeq2Seq, sources: Sources, targets: Sequence[npt.NDArray[np.int64]]
) -> list[npt.NDArray[np.float32]]:
    """The log-probability (T,) of each token of N targets.

    Args:
        network: encoder and decoder.
        sources: N texts or vectors, one for each target.
        targets: (N,) the tokens of each, at least one.
    """
    found = [np.zeros(len(each), dtype=np.float32) for each in targets]
    lengths = np.array([len(each) for each in targets], dtype=np.int64)
    rows = max(1, LOGITS // network.config.blocks.vocabulary)
    for chosen in by_length(lengths, rows, LOGITS):  # the longest first
        indices = chosen.tolist()
        state = network.encode(some_of(sources, chosen))
        tokens = np.full(len(chosen), BOUNDARY)
        for time in range(int(lengths[chosen[0]])):
            going = int((lengths[chosen] > time).sum())
            if going < len(tokens):
                state = TargetState(*(rows_of(part, slice(going)) for part in state))
            logits, state = network.step(tokens[:going], state)
            norms = subtract_max(logits)
            tokens = np.array([targets[each][time] for each in indices[:going]])
            log_p = logits[np.arange(going), tokens] - norms
            for index, own in zip(indices, log_p.tolist(), strict=False):
                found[index][time] = own
    return found
