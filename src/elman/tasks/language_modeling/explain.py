from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from elman.explain.activations import record_layers, stack_layers
from elman.explain.attribution import AttributionInput, AttributionQuery
from elman.explain.summary import Part, check_length, model_summary, step_outputs
from elman.explain.trace import SequenceTrace, Trace
from elman.nn.compiled.mixture import Mixture
from elman.nn.language_model import LanguageModelNetwork
from elman.text.tokenizers.tokenizer import BOUNDARY, Tokenizer
from elman.training.eval_mode import eval_mode


def explain_language(
    network: LanguageModelNetwork, mixture: Mixture | None, tokenizer: Tokenizer, text: str
) -> Trace:
    """The trace of next-token prediction over a text, from the start of a document.

    Args:
        network: of the language model; activations and attributions are its own.
        mixture: of the network and counts; None: the network predicts alone.
        tokenizer: its vocabulary.
        text: what it reads.

    Raises:
        InputError: no tokens, or more than a trace holds.
    """
    tokens = tokenizer.encode(text)
    check_length(len(tokens), "text")
    tokens = np.append(BOUNDARY, tokens)
    ids = torch.as_tensor(tokens, dtype=torch.int64)
    ids = ids.to(network.embedding.weight.device)
    x = network.embedding(ids).detach() * network.scale

    def read(x: Tensor) -> Tensor:
        y, _ = network.stack(x.transpose(0, 1), network.initial_state(x.shape[1]))
        features: Tensor = y.transpose(0, 1)
        return features

    def head(features: Tensor) -> Tensor:
        logits: Tensor = network.output(features)
        return logits.log_softmax(-1)

    recorded = stack_layers([network.stack])
    query = AttributionQuery(
        (AttributionInput(x),), lambda xs: read(xs[0]), head, tokenizer.size, aligned_input=0
    )
    targets = [*ids[1:].tolist(), None]
    with eval_mode(network):
        return Trace(
            "language",
            model_summary(network, network.config, recorded, (tokenizer.name,)),
            (
                SequenceTrace(
                    "text", tuple(tokenizer.pieces(tokens)), record_layers(read, recorded, x)
                ),
            ),
            step_outputs(
                query,
                range(len(ids)),
                targets,
                lambda index: tokenizer.decode([index]),
                parts=[] if mixture is None else _parts(mixture, query, ids),
            ),
        )


def _parts(mixture: Mixture, query: AttributionQuery, ids: Tensor) -> list[Part]:
    """The network and the counts after each of the tokens `ids` (T,)."""
    contexts = mixture.counts.states(ids.numpy(force=True))
    logits = query.log_probabilities().numpy(force=True)
    log_odds, log_network, counts = map(torch.from_numpy, mixture.weigh(logits, contexts))
    return [
        Part("network", log_odds.sigmoid(), log_network.exp()),
        Part("counts", (-log_odds).sigmoid(), counts),
    ]
