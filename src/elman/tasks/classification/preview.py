from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from elman.nn.classifier import ClassifierNetwork
from elman.tasks.classification.objective import class_logits
from elman.training.dataset import TokenDataset
from elman.training.preview_rows import shortened, spread_indices
from elman.training.previews import BaselineLoss, PredictionPreview


@dataclass(frozen=True)
class ClassPreviews:
    """The most probable class of some validation texts."""

    network: ClassifierNetwork
    labels: Sequence[Any]
    classes: npt.NDArray[Any]  # (N,) of the texts to learn from
    texts: Sequence[str]  # held out
    examples: TokenDataset  # the same, encoded
    wanted: npt.NDArray[Any]  # and their classes

    def baseline(self) -> BaselineLoss | None:
        counts = np.bincount(self.classes, minlength=len(self.labels)) + 1.0
        loss = -float(np.log(counts / counts.sum())[self.wanted].mean())
        return BaselineLoss("how often each class occurs", "nats per label", loss)

    def samples(self) -> list[PredictionPreview]:
        places = spread_indices(len(self.texts)).tolist()
        chosen = TokenDataset([self.examples.rows[place] for place in places], self.examples.forms)
        shares = torch.from_numpy(class_logits(self.network, chosen)).softmax(1).numpy()
        return [
            PredictionPreview(
                shortened(self.texts[place]),
                str(self.labels[share.argmax()]),
                str(self.labels[self.wanted[place]]),
                float(share.max()),
            )
            for place, share in zip(places, shares, strict=True)
        ]
