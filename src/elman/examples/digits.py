"""Handwritten digits and their names; scikit-learn bundles the images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from elman.examples.split import Split, divide

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


class Digit(NamedTuple):
    """An image of a digit and its name.

    Attributes:
        vector: (64,) float32, 8 x 8 pixels row by row, from 0 (white) to 16 (black).
        name: such as 'seven'.
    """

    vector: npt.NDArray[np.float32]
    name: str


def digits() -> Split[Digit]:
    """1,797 digits (UCI, Alpaydin and Kaynak 1998), split by the hash of the image."""
    from sklearn.datasets import load_digits

    data: Any = load_digits()
    images = data.data.astype("float32")
    examples = (
        Digit(image, NAMES[target]) for image, target in zip(images, data.target, strict=True)
    )
    return divide(examples, key=lambda digit: str(digit.vector.tolist()))
