"""The counts of a language model: n-grams of its training text, and the gate beside its network."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from elman.counts.kneser_ney import KneserNey
from elman.counts.ngrams import NGrams, empty_tensors, ngrams_of, tensors_of
from elman.data.corpus import Corpus
from elman.errors import ModelFileError
from elman.nn.blocks import StackConfig
from elman.nn.language_model import LanguageModelNetwork
from elman.nn.mixture import Gate, Mixture, entropy_of
from elman.nn.predictor import NetworkPredictor
from elman.tasks.weights import StoredArrays, attach, detach

ORDERS = {"character": 8, "subword": 5, "word": 4}
"""The longest n-grams by tokenizer."""

COUNTED = 5_000_000
"""The most tokens to count, from the end of the training text: they take about 1 GB of memory."""

COUNTED_A_MINUTE = 2_000_000
"""The most tokens to count for each minute of the budget: a twentieth of it, about."""

BYTES = 4
"""The size of an n-gram in a model file, about: its last token, its level, its followers."""

GATED = 50_000
"""The most validation tokens to fit the gate on."""

PREFIX = "counts."


def count(corpus: Corpus, parameters: int, minutes: float | None) -> NGrams | None:
    """Count the n-grams of a training text.

    Args:
        corpus: the training text.
        parameters: of the network; the counts take at most as much space in a file.
        minutes: of the whole training; None: there is no limit.

    Returns:
        The n-grams; None if the text has no n-gram longer than a token.
    """
    tokenizer = corpus.tokenizer
    most = COUNTED if minutes is None else min(COUNTED, int(minutes * COUNTED_A_MINUTE))
    ids = np.asarray(corpus.ids[-max(1, most) :], dtype=np.int64)
    model = KneserNey.train(ids, tokenizer.size, ORDERS[tokenizer.name])
    ngrams = NGrams.pruned(model, most=parameters * 4 // BYTES)
    return ngrams if ngrams.orders else None


def mixture_of(network: LanguageModelNetwork, ngrams: NGrams, valid: Corpus) -> Mixture:
    """A network and n-grams with a gate that is fitted on the validation text.

    Args:
        network: the trained network.
        ngrams: of the training text.
        valid: the validation text.
    """
    ids = np.asarray(valid.ids[: GATED + 1], dtype=np.int64)
    contexts, targets = ngrams.states(ids)[:-1], ids[1:]
    entropies, log_network = [], []
    for begin, logits in NetworkPredictor(network).chunks(ids[:-1]):
        log_p = logits[0].float().log_softmax(-1).cpu()
        entropies.append(entropy_of(log_p))
        chosen = torch.from_numpy(targets[begin : begin + len(log_p)])
        log_network.append(log_p.gather(-1, chosen[:, None])[:, 0])
    gate = Gate.fit(
        len(ngrams.orders) + 1,
        *ngrams.evidence(contexts),
        torch.cat(entropies).double().numpy(),
        torch.cat(log_network).double().numpy(),
        np.log(ngrams.probabilities(contexts, targets)),
    )
    return Mixture(network, ngrams, gate)


def tensors(mixture: Mixture) -> dict[str, Tensor]:
    """The arrays of the counts in a model file, by name."""
    return {f"{PREFIX}{name}": part for name, part in tensors_of(mixture.counts).items()}


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


class CountTensors(StoredArrays):
    """The arrays of the counts in a model file, as parameters without gradients.

    Args:
        about: of `contents`.
        vocabulary: V.

    Raises:
        ModelFileError: it is not what `contents` returns.
    """

    def __init__(self, about: Any, vocabulary: int) -> None:
        sizes, wide, gate = _checked(about)
        super().__init__(empty_tensors(sizes, wide, vocabulary))
        self.gate = gate

    def mixture(self, network: LanguageModelNetwork) -> Mixture:
        """The model of both parts.

        Raises:
            ModelFileError: the arrays are not those of n-grams.
        """
        return Mixture(network, ngrams_of(self.arrays), self.gate)


def check(about: Any, vocabulary: int) -> None:
    """Check the plain data of a model file, before anything is allocated.

    Raises:
        ModelFileError: it is not what `contents` returns, nor None.
    """
    if about is not None:
        with torch.device("meta"):
            CountTensors(about, vocabulary)


def network_with(config: StackConfig, about: Any) -> LanguageModelNetwork:
    """A network, with a part `counts` for the arrays of a model file if there are counts."""
    network = LanguageModelNetwork(config)
    return network if about is None else attach(network, CountTensors(about, config.vocabulary))


def detached(network: LanguageModelNetwork) -> Mixture | None:
    """Take the counts out of a network from `network_with`; None if it has none.

    Raises:
        ModelFileError: the arrays are not those of n-grams.
    """
    stored = detach(network, CountTensors)
    return None if stored is None else stored.mixture(network)


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
