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
from elman.network.classifier import ClassNetwork, ClassReader, Impression
from elman.network.crf import CRF, Transitions
from elman.network.foreteller import Foreteller
from elman.network.programs import Stepped
from elman.network.reader import Passages, Read, Reader, Reading, WordTable
from elman.network.rewriter import Rewriter, Rewriting, Written
from elman.network.stepping import Picture, Step, reading_by_steps, stepper, stream_of
from elman.network.symbols import SymbolNetwork
from elman.network.tagger import TagNetwork

__all__ = [
    "CRF",
    "PARTS",
    "Architecture",
    "BlockState",
    "ClassNetwork",
    "ClassReader",
    "Foreteller",
    "Impression",
    "NetworkState",
    "Passages",
    "Picture",
    "RMSNorm",
    "Read",
    "Reader",
    "Reading",
    "Rewriter",
    "Rewriting",
    "SharedDropout",
    "Stack",
    "Step",
    "Stepped",
    "SymbolNetwork",
    "TagNetwork",
    "Transitions",
    "WordTable",
    "Written",
    "reading_by_steps",
    "stepper",
    "stream_of",
]
