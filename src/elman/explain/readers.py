"""The traces of what reads a text: a language model's network, a classifier's, a tagger's.

Shapes: T symbols, B rows, W width of a vector, M members, K answers. Time comes first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from elman.explain.notes import check_symbols, note_of, outputs_of, side_by_side
from elman.explain.resting import Input, Question
from elman.explain.trace import Reading, Trace
from elman.explain.watching import layers_of, watched_in
from elman.network import ClassNetwork, ClassReader, Passages, Reader, SymbolNetwork, TagNetwork
from elman.text import BOUNDARY, Unit
from elman.training.modes import in_answer_mode


def explain_language(network: SymbolNetwork, unit: Unit, text: str) -> Trace:
    """A text from its beginning: after each symbol, what may come next.

    Raises:
        InputError: as `check_symbols`.
    """
    symbols = unit.encode(text)
    check_symbols(len(symbols), "text")
    symbols = np.append(BOUNDARY, symbols)
    ids = torch.as_tensor(symbols, dtype=torch.int64)
    ids = ids.to(network.embedding.weight.device)
    x = network.embedding(ids).detach() * network.scale

    def read(x: Tensor) -> Tensor:
        y, _ = network.stack(x.transpose(0, 1), network.initial_state(x.shape[1]))
        features: Tensor = y.transpose(0, 1)
        return features

    def answers(features: Tensor) -> Tensor:
        logits: Tensor = network.output(features)
        return logits.log_softmax(-1)

    watched = watched_in([network.stack])
    question = Question((Input(x),), lambda xs: read(xs[0]), answers, unit.size, speaker=0)
    came = [*ids[1:].tolist(), None]
    with in_answer_mode(network):
        return Trace(
            "language",
            note_of(network, network.architecture, watched, (unit.name,)),
            (Reading("text", tuple(unit.pieces(symbols)), layers_of(read, watched, x)),),
            outputs_of(question, range(len(ids)), came, lambda number: unit.decode([number])),
        )


def explain_classes(
    network: ClassNetwork,
    passages: Passages,
    symbols: Sequence[str],
    unit: str,
    labels: Sequence[object],
    temperature: float,
) -> Trace:
    """A text (one row) and its class: after every word, where it is read in one direction.

    Args:
        symbols: as a person sees them.
        temperature: of the probabilities.
    """
    members = [member for member in network.members if isinstance(member, ClassReader)]
    parts = [_vectors(member.reader, passages) for member in members]

    def features(xs: Sequence[Tensor]) -> Tensor:
        each = xs[0].chunk(len(members), dim=2)
        said = [
            member.running(_read(member.reader, x)[0])
            for member, x in zip(members, each, strict=True)
        ]
        return network.together(torch.stack(said)) / temperature

    def answers(features: Tensor) -> Tensor:
        return features.log_softmax(-1)

    reader = members[0].reader
    watched = watched_in(list(reader.stacks))
    question = Question((Input(torch.cat(parts, 1)),), features, answers, len(labels), speaker=0)
    first = 0 if len(reader.stacks) == 1 else len(symbols) - 1
    with in_answer_mode(network):
        places = range(first, len(symbols))
        taken = question.spread().argmax(1)[first:].tolist()
        layers = layers_of(lambda x: _read(reader, x), watched, parts[0])
        return Trace(
            "classify",
            note_of(network, network.reading.blocks, watched, (unit,), labels, len(members)),
            (Reading("text", tuple(symbols), layers),),
            outputs_of(question, places, taken, lambda number: str(labels[number])),
        )


def explain_tags(
    network: TagNetwork,
    passages: Passages,
    words: Sequence[str],
    tags: Sequence[str],
    outer: npt.NDArray[Any],
) -> Trace:
    """A sentence (one row) and each word's tag.

    Args:
        tags: K, of the scheme that people see; outer: the place there of each of the network's.
    """
    x = _vectors(network.reader, passages)
    shown = torch.eye(len(tags))[torch.from_numpy(outer)].to(x)

    def features(xs: Sequence[Tensor]) -> Tensor:
        vectors, rows = _read(network.reader, xs[0])
        return network.crf.marginals(network.said(rows, vectors), rows.lengths)

    def answers(found: Tensor) -> Tensor:
        # Several of the network's tags may be one of the scheme's.
        return (found.exp() @ shown).clamp(min=torch.finfo(found.dtype).tiny).log()

    watched = watched_in(list(network.reader.stacks))
    question = Question((Input(x),), features, answers, len(tags), speaker=0, about_itself=True)
    with in_answer_mode(network):
        with torch.inference_mode():
            taken = outer[network.best(passages)[:, 0].numpy(force=True)].tolist()
        layers = layers_of(lambda x: _read(network.reader, x), watched, x)
        return Trace(
            "tag",
            note_of(network, network.reader.reading.blocks, watched, ("word",), tags),
            (Reading("text", tuple(words), layers),),
            outputs_of(question, range(len(words)), taken, lambda number: tags[number]),
        )


def _vectors(reader: Reader, passages: Passages) -> Tensor:
    """(T, W) of the symbols of one row, as they are without training's chance."""
    with in_answer_mode(reader):
        return functional.embedding(passages.symbols[:, 0], reader.table(passages)).detach()


def _read(reader: Reader, x: Tensor) -> tuple[tuple[Tensor, ...], Passages]:
    """What each direction makes of rows x (T, B, W), and the rows as passages."""
    rows = Passages(*side_by_side(x))
    vectors, _ = reader(rows, table=x.flatten(0, 1))
    return vectors, rows
