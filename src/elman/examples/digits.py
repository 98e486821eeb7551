"""Handwritten digits and what they are called, from scikit-learn, which bundles them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from elman.examples.split import Split, divide

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


class Digit(NamedTuple):
    """An image of 8 x 8, row after row, as (64,) float32 from 0 (paper) to 16 (ink); its name."""

    vector: npt.NDArray[np.float32]
    name: str


def digits() -> Split[Digit]:
    """1,797 digits (UCI, Alpaydin and Kaynak 1998), divided by the image."""
    from sklearn.datasets import load_digits

    found: Any = load_digits()
    images = found.data.astype("float32")
    every = (
        Digit(image, NAMES[target]) for image, target in zip(images, found.target, strict=True)
    )
    return divide(every, key=lambda digit: str(digit.vector.tolist()))
