"""The counts of a language model: n-grams of its training text, and the gate beside its network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from elman.bundle import Array, Layout
from elman.counts.kneser_ney import KneserNey
from elman.counts.ngrams import NGrams, array_layout, arrays_of, ngrams_of
from elman.data.corpus import Corpus
from elman.errors import EmptyTextError, ModelFileError
from elman.nn.compiled.language_model import CompiledLanguageModel
from elman.nn.compiled.mixture import Gate, Mixture
from elman.nn.compiled.predictor import NetworkPredictor
from elman.tasks.weights import prefixed
from elman.text.tokenizers.tokenizer import Tokenizer

if TYPE_CHECKING:
    from elman.nn.language_model import LanguageModelNetwork

ORDERS = {"character": 8, "subword": 5, "word": 5}
"""The longest n-grams by tokenizer."""

COUNTED = 5_000_000
"""The most tokens to count, from the end of the training text: they take about 1 GB of memory."""

COUNTED_A_MINUTE = 2_000_000
"""The most tokens to count for each minute of the budget: a twentieth of it, about."""

BYTES = 4
"""The fewest bytes of an n-gram in a model file: its last token, its level, its followers."""

TRIED = 300_000
"""The most tokens to try by whether lines are documents."""

GATED = 50_000
"""The most validation tokens to fit the gate on."""

GATED_FRACTION = 0.05
"""Of the tokens that the training read, the most to fit the gate on."""

FEWEST_GATED = 5_000
"""Where the training read less, as many are read nonetheless."""

PREFIX = "counts."


def count(corpus: Corpus, most_bytes: int, minutes: float | None) -> NGrams | None:
    """Count the n-grams of a training text.

    Args:
        corpus: the training text.
        most_bytes: of the counts in a file.
        minutes: of the whole training; None: there is no limit.

    Returns:
        The n-grams; None if the text has no n-gram longer than a token.
    """
    tokenizer = corpus.tokenizer
    most = COUNTED if minutes is None else min(COUNTED, int(minutes * COUNTED_A_MINUTE))
    ids = np.asarray(corpus.ids[-max(1, most) :], dtype=np.int64)
    order = ORDERS[tokenizer.name]
    model = KneserNey.train(ids, tokenizer.size, order, _line_end(ids, tokenizer, order))
    most = most_bytes // BYTES
    while True:  # how many bytes an n-gram takes depends on the others
        ngrams = NGrams.pruned(model, most)
        size = sum(part.nbytes for part in arrays_of(ngrams).values())
        if size <= most_bytes or not ngrams.orders:
            return ngrams if ngrams.orders else None
        most = int(most * min(0.95, most_bytes / size))


def _line_end(ids: npt.NDArray[np.int64], tokenizer: Tokenizer, order: int) -> int | None:
    """The token of a line's end, if words are predicted better when each line is a document: in
    lists of sentences and in chats the words before a line say nothing of it."""
    few = ids[-TRIED:]
    cut = len(few) * 9 // 10
    if tokenizer.name != "word" or cut <= 1:
        return None
    (newline,) = tokenizer.encode("\n").tolist()
    losses = {
        end: -KneserNey.train(few[:cut], tokenizer.size, order, end)
        .log_probabilities(few[cut - 1 :])
        .mean()
        for end in (None, newline)
    }
    return min(losses, key=lambda end: losses[end])


def no_ngrams() -> EmptyTextError:
    """The error where n-grams alone were to answer, and there are none."""
    return EmptyTextError(
        "the text, or the size of the file, leaves no n-grams",
        location="counts",
        hint="Give more text, or let a network answer: --counts off.",
    )


def mixture_of(
    network: LanguageModelNetwork, ngrams: NGrams, valid: Corpus | None, read: int
) -> Mixture:
    """N-grams beside a network, with a gate that is fitted on the validation text.

    Args:
        network: the trained network.
        ngrams: of the training text.
        valid: the validation text; None: the network has no share.
        read: tokens that the training has read; more of the validation text would take too long.
    """
    from elman.nn.native_step import trained_network

    if valid is None:
        return Mixture(ngrams, Gate.closed(len(ngrams.orders) + 1))
    most = min(GATED, max(FEWEST_GATED, int(GATED_FRACTION * read)))
    ids = np.asarray(valid.ids[: most + 1], dtype=np.int64)
    contexts = ngrams.states(ids)[:-1]
    compiled = CompiledLanguageModel(trained_network(network, int8=False), network.config)
    log_network, entropies = NetworkPredictor(compiled).scored(ids)
    gate = Gate.fit(
        len(ngrams.orders) + 1,
        *ngrams.evidence(contexts),
        entropies,
        log_network,
        np.log(ngrams.probabilities(contexts, ids[1:])),
    )
    return Mixture(ngrams, gate)


def arrays(mixture: Mixture) -> dict[str, Array]:
    """The arrays of the counts in a model file, by name."""
    return {f"{PREFIX}{name}": part for name, part in arrays_of(mixture.counts).items()}


def contents(mixture: Mixture) -> dict[str, Any]:
    """The plain data of the counts in a model file."""
    orders, gate = mixture.counts.orders, mixture.gate
    return {
        "sizes": [len(each.tokens) for each in orders],
        "wide": [each.is_wide for each in orders],
        "gate": {"bias": list(gate.bias), "mass": gate.mass, "entropy": gate.entropy},
    }


def facts(mixture: Mixture) -> dict[str, Any]:
    """The counts in a few numbers, for `elman info`."""
    return {"longest n-gram": len(mixture.counts.orders) + 1, "n-grams": len(mixture.counts)}


def layout(about: Any, vocabulary: int) -> Layout:
    """The types and shapes of the arrays in a model file; none if it has no counts.

    Args:
        about: of `contents`, or None.
        vocabulary: V.

    Raises:
        ModelFileError: it is not what `contents` returns.
    """
    if about is None:
        return {}
    sizes, wide, _ = _checked(about)
    return prefixed(PREFIX, array_layout(sizes, wide, vocabulary))


def restored(about: Any, beside: dict[str, Array]) -> Mixture | None:
    """The mixture of a model file; None if it has no counts.

    Args:
        about: of `contents`, or None.
        beside: the arrays of `layout`.

    Raises:
        ModelFileError: the arrays are not those of n-grams.
    """
    if about is None:
        return None
    _, _, gate = _checked(about)
    parts = {name.removeprefix(PREFIX): array for name, array in beside.items()}
    return Mixture(ngrams_of(parts), gate)


def _checked(about: Any) -> tuple[list[int], list[bool], Gate]:
    error = ModelFileError("its counts are malformed")
    match about:
        case {
            "sizes": [_, *_] as sizes,
            "wide": list(wide),
            "gate": {"bias": list(bias), "mass": float(mass), "entropy": float(entropy)},
        }:
            sound = (
                len(about) == 3
                and len(sizes) == len(wide) == len(bias) - 1 <= max(ORDERS.values())
                and all(type(each) is int and 0 < each < 2**31 for each in sizes)
                and all(type(each) is bool for each in wide)
                and all(type(each) is float for each in bias)
                and bool(np.isfinite([*bias, mass, entropy]).all())
            )
            if sound:
                return sizes, wide, Gate(tuple(bias), mass, entropy)
    raise error
