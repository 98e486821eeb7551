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


def loss_of_frequencies(classes: npt.NDArray[Any], wanted: npt.NDArray[Any], count: int) -> float:
    """The cross-entropy in nats of predicting how often each class occurs.

    Args:
        classes: (N,) of the training set.
        wanted: (M,) of the validation set.
        count: K.
    """
    sizes = np.bincount(classes, minlength=count) + 1.0
    return -float(np.log(sizes / sizes.sum())[wanted].mean())


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
        loss = loss_of_frequencies(self.classes, self.wanted, len(self.labels))
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
