"""The traces of what writes a text: from another, or from a vector.

Shapes: S source symbols, T target symbols, B rows, W width, D width of a vector, V target
vocabulary. Time comes first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from elman.explain.notes import note_of, outputs_of, side_by_side
from elman.explain.resting import Input, Question
from elman.explain.trace import Attention, Reading, Trace
from elman.explain.watching import Watched, layers_of
from elman.network import Passages, Rewriter, Written
from elman.network.rewriter import Encoder, VectorEncoder
from elman.text import BOUNDARY, Unit
from elman.training.modes import in_answer_mode

TARGET = 1
"""The place of the target among the readings."""


def explain_rewrite(
    network: Rewriter,
    source: npt.NDArray[Any],
    symbols: Sequence[str],
    target: npt.NDArray[Any],
    units: tuple[Unit, Unit],
) -> Trace:
    """A text (S,) and the one that was written from it (T,).

    Args:
        symbols: the source's, as a person sees them.
        target: with the symbol that ends it, unless it was cut.
        units: of source and target.
    """
    ids = torch.as_tensor(source, dtype=torch.int64)
    x = functional.embedding(ids, network.source_embedding.weight).detach() * network.scale
    encoder = cast("Encoder", network.encoder)

    def begin(x: Tensor) -> Written:
        return network.begin_from(x, Passages(*side_by_side(x)))

    watched = _encoding(encoder)
    with in_answer_mode(network):
        read = Reading("source", tuple(symbols), layers_of(begin, watched, x))
        return _trace(network, "translate", Input(x), begin, read, watched, target, units)


def explain_description(
    network: Rewriter, vector: npt.NDArray[np.float32], target: npt.NDArray[Any], unit: Unit
) -> Trace:
    """A vector (D,) and the text that was written from it (T,); arguments as above."""
    encoder = cast("VectorEncoder", network.encoder)
    given = torch.as_tensor(vector).to(encoder.center)[:, None]

    def begin(x: Tensor) -> Written:
        return network.begin(x[:, :, 0].t())

    read = Reading("vector", tuple(f"{number:g}" for number in vector.tolist()), ())
    with in_answer_mode(network):
        source = Input(given, encoder.center.detach()[:, None])
        return _trace(network, "describe", source, begin, read, [], target, (None, unit))


def _trace(
    network: Rewriter,
    task: str,
    source: Input,
    begin: Any,
    read: Reading,
    encoding: Sequence[Watched],
    target: npt.NDArray[Any],
    units: tuple[Unit | None, Unit],
) -> Trace:
    """The decoder's part.

    Args:
        begin: from the source's vectors (S, B, W), what the decoder starts with.
        read: the source's reading; encoding: its layers.
    """
    unit = units[1]
    heard = np.append(BOUNDARY, target[:-1])
    ids = torch.as_tensor(heard, dtype=torch.int64, device=network.embedding.weight.device)
    y = functional.embedding(ids, network.embedding.weight).detach() * network.scale
    with torch.inference_mode():
        begun = begin(source.vectors[:, None])
        _, looks, _ = network.attend(ids[:, None], begun)

    def write(y: Tensor) -> object:
        """The decoder alone: its rows look at one source side by side."""
        state = tuple(block.mixer.initial_state(y.shape[1]) for block in network.attending)
        return network.features(y, Written(state, begun.memories))

    def features(xs: Sequence[Tensor]) -> Tensor:
        y, _, _ = network.features(xs[1], begin(xs[0]))
        return y

    def answers(y: Tensor) -> Tensor:
        logits: Tensor = network.output(y)
        return logits.log_softmax(-1)

    decoding = [
        Watched(block.mixer, number, False) for number, block in enumerate(network.attending, 1)
    ]
    question = Question((source, Input(y)), features, answers, unit.size, speaker=TARGET)
    blocks = network.rewriting.blocks
    names = tuple("vector" if each is None else each.name for each in units)
    attention = None
    if task == "translate" and network.rewriting.attention != "none":
        attention = Attention(TARGET, 0, looks[0].numpy(force=True))
    return Trace(
        task,
        note_of(network, blocks, [*encoding, *decoding], names),
        (read, Reading("target", tuple(unit.pieces(heard)), layers_of(write, decoding, y))),
        outputs_of(
            question,
            range(len(heard)),
            target.tolist(),
            lambda number: unit.decode([number]),
            reading=TARGET,
        ),
        attention,
    )


def _encoding(encoder: Encoder) -> list[Watched]:
    """An encoder's blocks: all in one direction, or from either end in turn."""
    both, reverse = encoder.order == "both", encoder.order == "reversed"
    return [
        Watched(cast("Any", block).mixer, number + 1, reverse or (both and number % 2 == 1))
        for number, block in enumerate(encoder.blocks)
    ]
