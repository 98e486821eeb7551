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


def explain_language(network: LanguageModelNetwork, unit: Tokenizer, text: str) -> Trace:
    """A text from its beginning: after each symbol, what may come next.

    Raises:
        InputError: as `check_length`.
    """
    symbols = unit.encode(text)
    check_length(len(symbols), "text")
    symbols = np.append(BOUNDARY, symbols)
    ids = torch.as_tensor(symbols, dtype=torch.int64)
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
        (AttributionInput(x),), lambda xs: read(xs[0]), answers, unit.size, speaker=0
    )
    came = [*ids[1:].tolist(), None]
    with eval_mode(network):
        return Trace(
            "language",
            model_summary(network, network.architecture, watched, (unit.name,)),
            (SequenceTrace("text", tuple(unit.pieces(symbols)), layers_of(read, watched, x)),),
            outputs_of(question, range(len(ids)), came, lambda number: unit.decode([number])),
        )
