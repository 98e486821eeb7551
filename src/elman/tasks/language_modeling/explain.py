from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from elman.explain.activations import layers_of, record_activations
from elman.explain.attribution import AttributionInput, AttributionQuery
from elman.explain.summary import check_length, model_summary, outputs_of
from elman.explain.trace import SequenceTrace, Trace
from elman.nn.language_model import LanguageModelNetwork
from elman.text.tokenizers.tokenizer import BOUNDARY, Tokenizer
from elman.training.eval_mode import eval_mode


def explain_language(network: LanguageModelNetwork, tokenizer: Tokenizer, text: str) -> Trace:
    """A text from its beginning: after each token, what may come next.

    Raises:
        InputError: as `check_length`.
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

    def answers(features: Tensor) -> Tensor:
        logits: Tensor = network.output(features)
        return logits.log_softmax(-1)

    watched = record_activations([network.stack])
    question = AttributionQuery(
        (AttributionInput(x),), lambda xs: read(xs[0]), answers, tokenizer.size, speaker=0
    )
    came = [*ids[1:].tolist(), None]
    with eval_mode(network):
        return Trace(
            "language",
            model_summary(network, network.config, watched, (tokenizer.name,)),
            (SequenceTrace("text", tuple(tokenizer.pieces(tokens)), layers_of(read, watched, x)),),
            outputs_of(question, range(len(ids)), came, lambda number: tokenizer.decode([number])),
        )
