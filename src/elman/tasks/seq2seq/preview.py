from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from elman.decoding.beam import BeamSettings
from elman.nn.compiled.seq2seq import Sources, seq2seq_of, some_of
from elman.nn.native_step import trained_network
from elman.nn.seq2seq import EncoderDecoder
from elman.tasks.seq2seq.config import SMOOTHING
from elman.tasks.seq2seq.generation import LengthLimit, generate
from elman.tasks.seq2seq.text_codec import TextCodec
from elman.training.dataset import TokenDataset
from elman.training.preview_rows import shortened, spread_indices
from elman.training.previews import BaselineLoss, PredictionPreview


@dataclass(frozen=True)
class Seq2SeqPreviews:
    """Held-out sources and what they are rewritten to, greedily."""

    network: EncoderDecoder
    limit: LengthLimit
    target: TextCodec
    learned_from: TokenDataset  # targets
    sources: Sources  # held out
    targets: TokenDataset  # and theirs
    texts: Sequence[str]  # what the sources are called
    wanted: Sequence[str]

    def baseline(self) -> BaselineLoss | None:
        counts = np.bincount(
            np.concatenate(self.learned_from.rows), minlength=self.target.tokenizer.size
        )
        log_p = np.log((counts + 1) / (counts + 1).sum())
        loss = -float(log_p[np.concatenate(self.targets.rows)].mean())
        smoothed = (1 - SMOOTHING) * loss - SMOOTHING * float(log_p.mean())
        name = "how often each token occurs"
        return BaselineLoss(name, f"nats per {self.target.tokenizer.name}, smoothed", smoothed)

    def samples(self) -> list[PredictionPreview]:
        places = spread_indices(len(self.sources))
        chosen = some_of(self.sources, places)
        network = seq2seq_of(trained_network(self.network, int8=False), self.network.config)
        found = generate(network, chosen, self.limit, BeamSettings(beam=1))
        return [
            PredictionPreview(
                shortened(self.texts[place]),
                shortened(self.target.decode(best.tokens)),
                shortened(self.wanted[place]),
            )
            for place, (best, *_) in zip(places.tolist(), found, strict=True)
        ]
