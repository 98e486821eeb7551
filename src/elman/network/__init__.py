"""From cells to networks: blocks, a stack of them, and what stands around a stack."""

from elman.network.blocks import (
    PARTS,
    Architecture,
    BlockState,
    NetworkState,
    RMSNorm,
    SharedDropout,
    Stack,
)
from elman.network.symbols import SymbolNetwork

__all__ = [
    "PARTS",
    "Architecture",
    "BlockState",
    "NetworkState",
    "RMSNorm",
    "SharedDropout",
    "Stack",
    "SymbolNetwork",
]
