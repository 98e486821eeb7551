"""The names and shapes of the weights of networks, without torch's modules.

Shapes: W hidden size, H hidden size of the cell, V vocabulary.
"""

from __future__ import annotations

from elman.cells.program import CellProgram
from elman.nn.config import CONVOLUTION_WIDTH, EncoderConfig, Seq2SeqConfig, StackConfig

Shapes = dict[str, tuple[int, ...]]


def under(name: str, shapes: Shapes) -> Shapes:
    """The shapes of a part, with the name of the part before each."""
    return {f"{name}.{each}": shape for each, shape in shapes.items()}


def linear_layout(inputs: int, outputs: int) -> Shapes:
    return {"weight": (outputs, inputs), "bias": (outputs,)}


def stack_layout(config: StackConfig, cell: CellProgram) -> Shapes:
    """Of a `Stack`."""
    shapes: Shapes = {}
    for number in range(config.layers):
        shapes |= under(f"blocks.{number}", block_layout(config, cell))
    return shapes | _norm_layout("norm", config)


def block_layout(config: StackConfig, cell: CellProgram) -> Shapes:
    """Of a `Block`."""
    width, inner, components = config.hidden_size, cell.output_size, config.components
    mixer: Shapes = dict(under("cell", dict(cell.parameters)))
    if "convolution" in components:
        mixer |= {"convolution.weight": (CONVOLUTION_WIDTH, width), "convolution.bias": (width,)}
    if "gate" in components:
        mixer |= under("gate", linear_layout(width, inner))
    if "gate" in components or inner != width:
        mixer |= under("out", linear_layout(inner, width))
    shapes = _norm_layout("mixer_norm", config) | under("mixer", mixer)
    if "mlp" in components:
        shapes |= _norm_layout("mlp.0", config) | under("mlp.1", gated_mlp_layout(width))
    return shapes


def gated_mlp_layout(width: int) -> Shapes:
    """Of a `GatedMLP`."""
    return {
        **under("gate", linear_layout(width, 2 * width)),
        **under("into", linear_layout(width, 2 * width)),
        **under("out", linear_layout(2 * width, width)),
    }


def encoder_layout(config: EncoderConfig, cell: CellProgram) -> Shapes:
    """Of an `Encoder`."""
    blocks = config.blocks
    vectors = (blocks.vocabulary, blocks.hidden_size)
    shapes: Shapes = {"embedding.weight": vectors}
    if config.buckets:
        ngrams = (config.buckets, blocks.hidden_size)
        shapes = {"embedding.own.weight": vectors, "embedding.ngrams.weight": ngrams}
    for direction in range(config.directions):
        shapes |= under(f"stacks.{direction}", stack_layout(blocks, cell))
    return shapes


def seq2seq_layout(config: Seq2SeqConfig, cell: CellProgram) -> Shapes:
    """Of an `EncoderDecoder`."""
    blocks = config.blocks
    width = blocks.hidden_size
    shapes: Shapes = {"embedding.weight": (blocks.vocabulary, width)}
    shapes |= {"output.bias": (blocks.vocabulary,)}
    if config.order == "vector":
        shapes |= under("encoder", _vector_encoder_layout(config.source, width))
    else:
        if config.source:
            shapes["source_embedding.weight"] = (config.source, width)
        for number in range(config.encoder_layers):
            shapes |= under(f"encoder.blocks.{number}", block_layout(blocks, cell))
        shapes |= _norm_layout("encoder.norm", blocks)
    for number in range(blocks.layers):
        own = block_layout(blocks, cell) | _norm_layout("attention_norm", blocks)
        for name in ("query", "key", "value", "out"):
            own |= under(f"attention.{name}", linear_layout(width, width))
        if config.attention == "additive":
            own |= under("attention.weigh", linear_layout(width, 1))
        shapes |= under(f"blocks.{number}", own)
    return shapes | _norm_layout("norm", blocks)


def _vector_encoder_layout(inputs: int, width: int) -> Shapes:
    return {
        "center": (inputs,),
        "slope": (inputs,),
        **under("into", linear_layout(inputs, width)),
        "mlp.0.weight": (width,),
        **under("mlp.1", gated_mlp_layout(width)),
        "norm.weight": (width,),
    }


def _norm_layout(name: str, config: StackConfig) -> Shapes:
    return {f"{name}.weight": (config.hidden_size,)} if "norm" in config.components else {}
