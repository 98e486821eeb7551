"""The weights of a network by name, as arrays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float32]


class Weights(Mapping[str, Array]):
    """The weights below a name, as `blocks.0.mixer` has `cell.i2h.weight`.

    Args:
        arrays: of the whole network, by their full names.
        prefix: the name, with a dot at its end; empty for the whole network.
    """

    def __init__(self, arrays: Mapping[str, Array], prefix: str = "") -> None:
        self._arrays, self._prefix = arrays, prefix

    def __getitem__(self, name: str) -> Array:
        return self._arrays[f"{self._prefix}{name}"]

    def __iter__(self) -> Iterator[str]:
        start = len(self._prefix)
        return (name[start:] for name in self._arrays if name.startswith(self._prefix))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def under(self, name: str) -> Weights:
        return Weights(self._arrays, f"{self._prefix}{name}.")

    def linear(self, name: str) -> tuple[Floats, Floats]:
        """Weight (N, K) and bias (N,) of a linear layer."""
        return self[f"{name}.weight"], self[f"{name}.bias"]
