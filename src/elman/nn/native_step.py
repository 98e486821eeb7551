"""Compile torch modules for the native core.

Shapes: B rows, D input width, N output width.
"""

from __future__ import annotations

from contextlib import suppress

import torch
from torch import nn

from elman.cells import Cell, state_tensors, trace
from elman.cells.program import INTEGER
from elman.errors import UntraceableError
from elman.kernels.step_program import StepProgram
from elman.nn.blocks import Stack
from elman.nn.compiled.cell_lowering import lower_cell
from elman.nn.compiled.language_model import compiled_language_model
from elman.nn.compiled.network import CompiledNetwork, compiled_stack
from elman.nn.compiled.trained import TrainedNetwork
from elman.nn.compiled.weights import Weights
from elman.nn.language_model import LanguageModelNetwork


def compiled(
    network: Cell | Stack | LanguageModelNetwork, *, int8: bool = False
) -> CompiledNetwork:
    """A cell, a stack or a language model, with a copy of its present weights.

    Args:
        network: with float32 weights on the CPU.
        int8: use int8 products (`StepProgram`): a quarter of the memory traffic, and an error of
            about 1 %.

    Raises:
        UntraceableError: if only PyTorch can run the step of a cell, or a subclass may override
            the step of a network.
    """
    if not _is_native(network):
        raise UntraceableError("its weights are not float32 on the CPU", location="cell")
    if isinstance(network, Cell):
        return _compiled_cell(network, int8=int8)
    if type(network) not in (Stack, LanguageModelNetwork):
        raise UntraceableError("its step has no native lowering", location=type(network).__name__)
    weights, cell = _weights_of(network), trace(_cell_of(network))
    compile_ = compiled_stack if isinstance(network, Stack) else compiled_language_model
    return compile_(network.config, cell, weights, int8=int8)


def _compiled_cell(cell: Cell, *, int8: bool) -> CompiledNetwork:
    traced, program = trace(cell), StepProgram(int8=int8)
    x, output = program.outer(cell.input_size), program.outer(cell.output_size)
    states = [program.state(field.width, integer=field.kind == INTEGER) for field in traced.state]
    program.copy(lower_cell(program, traced, _weights_of(cell), x, states), output)
    initial = [part.numpy(force=True) for part in state_tensors(cell.initial_state(1))]
    return CompiledNetwork(program, initial, inputs=cell.input_size, outputs=cell.output_size)


def trained_network(network: nn.Module, *, int8: bool) -> TrainedNetwork:
    """A torch network, of modules of this package, as arrays that share its memory.

    Args:
        network: with float32 weights on the CPU to be compiled; any other is run by torch.
        int8: whether to use int8 products.
    """
    traced = None
    if _is_native(network):
        with suppress(UntraceableError, StopIteration):  # a network without cells
            traced = trace(_cell_of(network))
    return TrainedNetwork(_weights_of(network), traced, lambda: network, int8=int8)


def _is_native(network: nn.Module) -> bool:
    """Whether the native core takes its weights."""
    return all(
        each.dtype == torch.float32 and each.device.type == "cpu" for each in network.parameters()
    )


def _weights_of(network: nn.Module) -> Weights:
    return Weights({name: each.numpy(force=True) for name, each in network.named_parameters()})


def _cell_of(network: nn.Module) -> Cell:
    return next(each for each in network.modules() if isinstance(each, Cell))
