from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from elman.counts.kneser_ney import KneserNey
from elman.decoding.generation import generate_text
from elman.decoding.sampling import Sampling
from elman.nn.compiled.language_model import CompiledLanguageModel
from elman.nn.language_model import LanguageModelNetwork
from elman.nn.native_step import trained_network
from elman.text.tokenizers.tokenizer import BOUNDARY
from elman.training.bptt import VALIDATED
from elman.training.preview_rows import shortened
from elman.training.previews import BaselineLoss, PredictionPreview

COUNTED = 500_000  # tokens that an n-gram is counted from, the latest
ORDERS = {"character": 5, "subword": 3, "word": 3}
PROMPTS = {"character": 40, "subword": 12, "word": 8}  # tokens of the held-out text ...
LENGTHS = {"character": 240, "subword": 80, "word": 60}  # ... and those written after them
TEMPERATURE = 0.8

Tokens = npt.NDArray[np.integer[Any]]


@dataclass(frozen=True)
class GenerationPreviews:
    """A continuation of the start of the validation text, with a fixed seed."""

    network: LanguageModelNetwork
    tokenizer: Any
    learned_from: Tokens
    held_out: Tokens

    def baseline(self) -> BaselineLoss | None:
        name, order = self.tokenizer.name, ORDERS[self.tokenizer.name]
        counted = np.asarray(self.learned_from[-COUNTED:], dtype=np.int64)
        model = KneserNey.train(counted, self.tokenizer.size, order)
        log_p = model.log_probabilities(np.asarray(self.held_out[:VALIDATED], dtype=np.int64))
        loss = -float(log_p.mean()) if log_p.size else 0.0
        return BaselineLoss(f"Kneser-Ney, order {order}", f"nats per {name}", loss)

    def samples(self) -> list[PredictionPreview]:
        name = self.tokenizer.name
        prompt = self.held_out[: PROMPTS[name]]
        prompt = prompt[: (np.flatnonzero(prompt[1:] == BOUNDARY) + 1).min(initial=len(prompt))]
        config = self.network.config
        trained = trained_network(self.network, int8=False)
        pieces = generate_text(
            CompiledLanguageModel(trained, config),
            self.tokenizer,
            np.append(BOUNDARY, prompt),
            length=LENGTHS[name],
            sampling=Sampling(TEMPERATURE),
            seed=0,
        )
        given = self.tokenizer.decode(prompt)
        return [PredictionPreview(shortened(given), "".join(text for (text,) in pieces))]
