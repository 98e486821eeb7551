"""The cells: one file each, each one pure step.

The names are loaded lazily: the table of cells is known, and `elman.cells.program` is imported,
without torch.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from elman.cells.cell import (
        Cell,
        State,
        map_state,
        named,
        named_step,
        state_like,
        state_tensors,
    )
    from elman.cells.clockwork import Clockwork, ClockworkState
    from elman.cells.elman import Elman, ElmanReLU, ElmanState
    from elman.cells.gru import GRU, GRUState
    from elman.cells.lstm import LSTM, LSTMState
    from elman.cells.mingru import MinGRU, MinGRUState
    from elman.cells.plain import PlainRNN, PlainState
    from elman.cells.program import CellProgram, StateField, Value
    from elman.cells.tracing import trace

_NAMES_OF_MODULES = {
    "elman.cells.cell": (
        "Cell",
        "State",
        "map_state",
        "named",
        "named_step",
        "state_like",
        "state_tensors",
    ),
    "elman.cells.clockwork": ("Clockwork", "ClockworkState"),
    "elman.cells.elman": ("Elman", "ElmanReLU", "ElmanState"),
    "elman.cells.gru": ("GRU", "GRUState"),
    "elman.cells.lstm": ("LSTM", "LSTMState"),
    "elman.cells.mingru": ("MinGRU", "MinGRUState"),
    "elman.cells.plain": ("PlainRNN", "PlainState"),
    "elman.cells.program": ("CellProgram", "StateField", "Value"),
    "elman.cells.tracing": ("trace",),
}
_MODULE_OF = {name: module for module, names in _NAMES_OF_MODULES.items() for name in names}


class CellTable(MutableMapping[str, type["Cell"]]):
    """The cells by name; the class of an entry is imported when it is looked up.

    Args:
        classes: for each name, the name of a class of `elman.cells`.
    """

    def __init__(self, classes: dict[str, str]) -> None:
        self._cells: dict[str, str | type[Cell]] = {**classes}

    def __getitem__(self, name: str) -> type[Cell]:
        cell = self._cells[name]
        if isinstance(cell, str):
            kind: type[Cell] = _loaded(cell)
            self._cells[name] = cell = kind
        return cell

    def __setitem__(self, name: str, cell: type[Cell]) -> None:
        self._cells[name] = cell

    def __delitem__(self, name: str) -> None:
        del self._cells[name]

    def __contains__(self, name: object) -> bool:
        return name in self._cells  # the inherited method looks the class up

    def __iter__(self) -> Iterator[str]:
        return iter(self._cells)

    def __len__(self) -> int:
        return len(self._cells)


CELLS = CellTable(
    {
        "plain": "PlainRNN",
        "elman": "Elman",
        "elman-relu": "ElmanReLU",
        "lstm": "LSTM",
        "gru": "GRU",
        "clockwork": "Clockwork",
        "mingru": "MinGRU",
    }
)
"""The table of cell names: what settings, the command line and model files accept."""

__all__ = [
    "CELLS",
    "GRU",
    "LSTM",
    "Cell",
    "CellProgram",
    "CellTable",
    "Clockwork",
    "ClockworkState",
    "Elman",
    "ElmanReLU",
    "ElmanState",
    "GRUState",
    "LSTMState",
    "MinGRU",
    "MinGRUState",
    "PlainRNN",
    "PlainState",
    "State",
    "StateField",
    "Value",
    "map_state",
    "named",
    "named_step",
    "state_like",
    "state_tensors",
    "trace",
]


def _loaded(name: str) -> Any:
    return getattr(import_module(_MODULE_OF[name]), name)


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'elman.cells' has no attribute {name!r}")
    value = _loaded(name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
