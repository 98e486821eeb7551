"""The cells: one file each, each one pure step."""

from elman.cells.cell import Cell, State, map_state, named, named_step, state_like, state_tensors
from elman.cells.clockwork import Clockwork, ClockworkState
from elman.cells.elman import Elman, ElmanReLU, ElmanState
from elman.cells.gru import GRU, GRUState
from elman.cells.lstm import LSTM, LSTMState
from elman.cells.mingru import MinGRU, MinGRUState
from elman.cells.plain import PlainRNN, PlainState
from elman.cells.program import CellProgram, StateField, Value
from elman.cells.tracing import trace

CELLS: dict[str, type[Cell]] = {
    "plain": PlainRNN,
    "elman": Elman,
    "elman-relu": ElmanReLU,
    "lstm": LSTM,
    "gru": GRU,
    "clockwork": Clockwork,
    "mingru": MinGRU,
}
"""The table of cell names: what settings, the command line and model files accept."""

__all__ = [
    "CELLS",
    "GRU",
    "LSTM",
    "Cell",
    "CellProgram",
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
