"""Load the network, the arrays beside it, and the training record of a model file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from elman.bundle import Array, Bundle, Layout
from elman.cells.program import CellProgram
from elman.cells.stored_program import program_from_json
from elman.errors import ModelFileError, SettingError
from elman.nn.compiled.layouts import Shapes
from elman.nn.config import StackConfig
from elman.nn.int8 import fake_quantize, is_int8, unpacked

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class Blueprint:
    """How to make a network as a torch module.

    Args:
        kind: the full name of its class.
        arguments: of the class; the first is its configuration.
    """

    kind: str
    arguments: tuple[Any, ...]

    def __call__(self) -> nn.Module:
        module, _, name = self.kind.rpartition(".")
        network: nn.Module = getattr(import_module(module), name)(*self.arguments)
        return network


class Stored(NamedTuple):
    """What a model file must hold.

    Args:
        blueprint: of the network.
        blocks: the configuration of its blocks, which its cell must fit.
        layout: from the step of its cell to the names and shapes of its weights.
        beside: the arrays beside the weights.
        prefix: of the names of the weights.
    """

    blueprint: Blueprint
    blocks: StackConfig
    layout: Callable[[CellProgram], Shapes] | None = None
    beside: Layout = {}  # noqa: RUF012 - read only
    prefix: str = ""


@dataclass(frozen=True, eq=False)
class StoredNetwork:
    """The network of a model file.

    Args:
        weights: its parameters by name.
        cell: the step of its cells; None if only PyTorch runs it.
        blueprint: of the network as a torch module.
    """

    weights: Mapping[str, Array]
    cell: CellProgram | None
    blueprint: Blueprint

    @property
    def config(self) -> Any:
        """The configuration of the network, a dataclass."""
        return self.blueprint.arguments[0]

    def module(self) -> nn.Module:
        """The network as a torch module, in evaluation mode."""
        import torch

        network = self.blueprint().eval()
        with torch.no_grad():
            for name, parameter in network.named_parameters():
                parameter.copy_(torch.from_numpy(self.weights[name]))
        return network

    def rounded(self) -> StoredNetwork:
        """The network with weights that are rounded to int8.

        Raises:
            ModelFileError: a weight is too large.
        """
        return replace(
            self, weights={name: fake_quantize(weight) for name, weight in self.weights.items()}
        )

    def parameters(self) -> Iterator[Any]:
        """Nothing that changes: the weights of a file stay as they are."""
        return iter(())


def prefixed(prefix: str, layout: Mapping[str, tuple[Any, tuple[int, ...]]]) -> Layout:
    """A layout with a prefix to each name; types may be numpy's scalar types."""
    return {f"{prefix}{name}": (np.dtype(kind), shape) for name, (kind, shape) in layout.items()}


def load_network(bundle: Bundle, stored: Stored) -> tuple[StoredNetwork, dict[str, Array]]:
    """Load a model from a file with float32 or int8 weights.

    Args:
        bundle: the model file.
        stored: what it must hold.

    Returns:
        The network, and the arrays beside its weights.

    Raises:
        ModelFileError: the file holds other arrays, or what is not a number.
    """
    try:
        cell = _cell(bundle.about.get("cell"), stored.blocks)
        if cell is None or stored.layout is None:
            shapes = _shapes_of_module(stored.blueprint)
        else:
            shapes = stored.layout(cell)
    except (ModelFileError, SettingError) as error:  # values that are valid, but not together
        bundle.refuse(str(error))
    weights = {name: (np.float32, shape) for name, shape in shapes.items()}
    expected = {**prefixed(stored.prefix, weights), **stored.beside}
    arrays = unpacked(bundle, expected) if is_int8(bundle) else bundle.arrays(expected)
    for name, array in arrays.items():
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            bundle.refuse(f"its tensor {name!r} holds what is not a number")
    own = {name: arrays[f"{stored.prefix}{name}"] for name in shapes}
    beside = {name: arrays[name] for name in stored.beside}
    return StoredNetwork(own, cell, stored.blueprint), beside


def _cell(value: object, blocks: StackConfig) -> CellProgram | None:
    """The step of the cell that a model file holds.

    Raises:
        ModelFileError: it is damaged, or does not fit the blocks.
    """
    if value is None:
        return None
    cell = program_from_json(value)
    if cell.input_size != blocks.hidden_size:
        raise ModelFileError("the step of its cell does not fit its network")
    return cell


def _shapes_of_module(blueprint: Blueprint) -> Shapes:
    """The shapes of the weights of a network whose cell only PyTorch runs."""
    import torch

    with torch.device("meta"):
        return {name: tuple(each.shape) for name, each in blueprint().named_parameters()}


def record_of(bundle: Bundle) -> dict[str, Any]:
    """The training record of a model file.

    Raises:
        ModelFileError: it is missing.
    """
    record = bundle.about.get("training")
    if not isinstance(record, dict):
        bundle.refuse("it has no record of its training")
    return record
