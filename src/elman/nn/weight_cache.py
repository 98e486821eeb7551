"""Values derived from the weights of a network."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from elman.kernels import core

Cached = TypeVar("Cached")


class WeightCache(Generic[Cached]):
    """A value derived from the weights of a network, made again when they change."""

    def __init__(self) -> None:
        self._made: tuple[list[Any], Cached] | None = None

    def value(self, network: Any, make: Callable[[], Cached]) -> Cached:
        """The value for the present weights.

        Args:
            network: a torch module, or another object whose `parameters()` are tensors.
            make: derives the value.
        """
        identity = _identity(network)
        if self._made is None or self._made[0] != identity:
            self._made = identity, make()
        return self._made[1]

    def clear(self) -> None:
        """Forget the value."""
        self._made = None


def _identity(network: Any) -> list[Any]:
    """What changes with the weights: torch counts the in-place changes of each tensor."""
    weights = ((each.data_ptr(), each._version) for each in network.parameters())
    return [core.name(), _Same(network), *weights]


class _Same:
    """Equal to another of the same object, which it keeps alive."""

    def __init__(self, network: Any) -> None:
        self._network = network

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other._network is self._network

    def __hash__(self) -> int:
        return id(self._network)
