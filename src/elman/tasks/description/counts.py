"""The counts of a describer: the nearest training vectors; their place in a model file.

Shapes: M stored vectors of D numbers, L distinct descriptions.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from elman.bundle import Array, Layout
from elman.counts.nearest_vectors import MAX_ROWS, MOST_TRUST, NearestVectors, kept_rows
from elman.errors import ModelFileError
from elman.metrics.counted import CountedMetric
from elman.metrics.ngram_counts import chrf_counts, chrf_of
from elman.nn.compiled.seq2seq import ArraySeq2Seq
from elman.nn.config import Seq2SeqConfig
from elman.tasks.description.inputs import DescribedVectors
from elman.tasks.description.mixing import (
    NearestDescriptions,
    Tokens,
    fit_weight,
)
from elman.tasks.seq2seq.generation import (
    LengthLimit,
    generate,
    search_settings,
    token_log_probabilities,
)
from elman.tasks.seq2seq.text_codec import TextCodec
from elman.tasks.weights import prefixed
from elman.text.tokenizers.tokenizer import BOUNDARY

WEIGHED = 2_000
"""The most validation vectors to fit the weight on."""

DESCRIBED = 200
"""The most validation vectors to describe with and without the counts."""

PREFIX = "counts."
LARGEST = 1e30  # no figure of the counts is near it


class Memory(NamedTuple):
    """The training vectors, before they have a weight; see `NearestDescriptions`."""

    nearest: NearestVectors
    targets: tuple[Tokens, ...]


def remember(
    train: DescribedVectors, codec: TextCodec, most_bytes: int, seed: int
) -> Memory | None:
    """Store the training vectors, before the network is trained.

    Args:
        train: the training set.
        codec: of the descriptions.
        most_bytes: of the vectors in a file.
        seed: of the draw where there are too many vectors.

    Returns:
        The memory; None if no description occurs twice in it.
    """
    texts, labels = np.unique(np.array(train.texts, dtype=object), return_inverse=True)
    targets = [codec.encode(text) for text in texts.tolist()]
    sizes = np.array([4 * len(each) + 4 for each in targets])
    rows = kept_rows(labels, train.vectors.shape[1], sizes, most_bytes, seed)
    present, labels = np.unique(labels[rows], return_inverse=True)
    if len(present) == len(rows):
        return None
    nearest = NearestVectors.fit(train.vectors[rows], labels, seed)
    return Memory(nearest, tuple(targets[index] for index in present.tolist()))


def joined(
    memory: Memory,
    network: ArraySeq2Seq,
    valid: DescribedVectors,
    codec: TextCodec,
    limit: LengthLimit,
) -> NearestDescriptions | None:
    """Fit the weight of the memory beside the trained network.

    Args:
        memory: of `remember`.
        network: the trained network.
        valid: the validation set.
        codec, limit: of the network.

    Returns:
        The memory with its weight; None if the validation set is less likely with it, or described
        worse by more than the 95 % interval of chrF.
    """
    vectors, targets = (
        valid.vectors[:WEIGHED],
        [codec.encode(each) for each in valid.texts[:WEIGHED]],
    )
    log_p = [each.sum() for each in token_log_probabilities(network, vectors, targets)]
    neighbours = memory.nearest.of(vectors)
    index = {target.tobytes(): label for label, target in enumerate(memory.targets)}
    gold = np.array([index.get(target.tobytes(), -1) for target in targets])
    weight = fit_weight(np.array(log_p), neighbours.probability(gold), neighbours.trust)
    if weight is None:
        return None
    both = NearestDescriptions(*memory, weight)
    vectors, texts = vectors[:DESCRIBED], valid.texts[:DESCRIBED]
    found = generate(network, vectors, limit, search_settings(codec, 5, 1))
    answers = (
        [codec.decode(best[0].tokens) for best in each]
        for each in (both.mixed(network, vectors, found), found)
    )
    ours, alone = (CountedMetric(chrf_of, chrf_counts(each, texts)) for each in answers)
    return both if ours.interval(alone)[1] >= 0 else None


# Model files


def arrays(counts: NearestDescriptions) -> dict[str, Array]:
    """The arrays of a model file, by name."""
    nearest, targets = counts.nearest, counts.targets
    parts: dict[str, Array] = {
        "rows": nearest.rows,
        "labels": nearest.labels,
        "center": nearest.center,
        "step": nearest.step,
        "weight": nearest.weight,
        "lengths": np.array([len(each) for each in targets], dtype=np.int32),
        "tokens": np.concatenate(targets).astype(np.int32),
    }
    return {f"{PREFIX}{name}": each for name, each in parts.items()}


def contents(counts: NearestDescriptions) -> dict[str, Any]:
    """The plain data of a model file."""
    nearest = counts.nearest
    return {
        "vectors": len(nearest.rows),
        "descriptions": len(counts.targets),
        "tokens": sum(map(len, counts.targets)),
        "neighbours": nearest.neighbours,
        "bandwidth": nearest.bandwidth,
        "unit": nearest.unit,
        "trust": list(nearest.trust),
        "weight": counts.weight,
    }


def layout(about: Any, config: Seq2SeqConfig) -> Layout:
    """The types and shapes of the arrays in a model file; none if it has no counts.

    Args:
        about: of `contents`, or None.
        config: of the network.

    Raises:
        ModelFileError: it is not what `contents` returns.
    """
    if about is None:
        return {}
    vectors, descriptions, tokens = _checked(about)
    width = config.source
    return prefixed(
        PREFIX,
        {
            "rows": (np.int8, (vectors, width)),
            "labels": (np.int32, (vectors,)),
            "center": (np.float32, (width,)),
            "step": (np.float32, (width,)),
            "weight": (np.float32, (width,)),
            "lengths": (np.int32, (descriptions,)),
            "tokens": (np.int32, (tokens,)),
        },
    )


def restored(
    about: Any, beside: dict[str, Array], config: Seq2SeqConfig
) -> NearestDescriptions | None:
    """The counts of a model file; None if it has none.

    Args:
        about: of `contents`, or None.
        beside: the arrays of `layout`.
        config: of the network.

    Raises:
        ModelFileError: the arrays are not those of vectors and descriptions.
    """
    if about is None:
        return None
    parts = {name.removeprefix(PREFIX): array for name, array in beside.items()}
    lengths, tokens = parts.pop("lengths"), parts.pop("tokens").astype(np.int64)
    ends = np.cumsum(lengths, dtype=np.int64) - 1
    bounds = (lengths >= 1).all() and ends[-1] == len(tokens) - 1
    if not bounds or not np.array_equal(np.flatnonzero(tokens == BOUNDARY), ends):
        raise ModelFileError("the descriptions of its counts do not end where they should")
    if tokens.min() < 0 or tokens.max() >= config.blocks.vocabulary:
        raise ModelFileError("its counts hold tokens that it does not know")
    if parts["labels"].min() < 0 or parts["labels"].max() >= len(lengths):
        raise ModelFileError("its counts hold vectors without a description")
    sound = (  # False for NaN
        (np.abs(parts["center"]) < np.inf)
        & (parts["step"] > 0)
        & (parts["step"] < np.inf)
        & (parts["weight"] >= 0)
        & (parts["weight"] < LARGEST)
    )
    if not sound.all():
        raise ModelFileError("the figures of its counts are out of range")
    numbers: dict[str, Any] = {
        "neighbours": about["neighbours"],
        "bandwidth": about["bandwidth"],
        "unit": about["unit"],
        "trust": tuple(about["trust"]),
    }
    nearest = NearestVectors(**{**parts, **numbers})
    targets = tuple(np.split(tokens, ends[:-1] + 1))
    return NearestDescriptions(nearest, targets, about["weight"])


def _checked(about: Any) -> tuple[int, int, int]:
    match about:
        case {
            "vectors": int(vectors),
            "descriptions": int(descriptions),
            "tokens": int(tokens),
            "neighbours": int(neighbours),
            "bandwidth": float(bandwidth),
            "unit": float(unit),
            "trust": [float(intercept), float(slope)],
            "weight": float(weight),
        }:
            sizes = (neighbours, descriptions, vectors, tokens)
            sound = (
                len(about) == 8
                and not any(isinstance(each, bool) for each in sizes)
                and 1 <= neighbours <= vectors <= MAX_ROWS
                and 1 <= descriptions <= min(vectors, tokens)
                and tokens < 2**31
                and all(0 < each < LARGEST for each in (bandwidth, unit))
                and abs(intercept) <= MOST_TRUST
                and 0 <= slope <= MOST_TRUST
                and 0 < weight < 1
            )
            if sound:
                return vectors, descriptions, tokens
    raise ModelFileError("its counts are malformed")
