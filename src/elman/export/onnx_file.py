"""A model as one file for ONNX Runtime, held against the model itself before it is believed.

The graph reads any number of rows, of any lengths, from any state: a step is a text of one symbol.

Shapes: B batch, T time.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
import numpy.typing as npt
import torch

from elman.bundle import check_writable, open_bundle, write_whole
from elman.errors import ExportError, TaskError
from elman.export import networks
from elman.export.graph import Graph
from elman.extras import needed
from elman.models import Classifier, LanguageModel, load
from elman.network import ClassNetwork, Passages, Stack, SymbolNetwork, WordTable

Arrays = dict[str, npt.NDArray[Any]]

TOLERANCE = 1e-4
"""Of what it answers, for each unit of the largest answer above 1: sums in another order differ."""

TRIED = ((1, 1), (1, 9), (3, 5), (4, 17))
"""Rows and symbols of what is compared."""

DOC = {
    "language": "symbols (batch, time), lengths (batch,) and a state, at first zeros -> logits of "
    "the symbol after each, and the state after each row's last. A step is time 1.",
    "classify": "symbols (batch, time) and lengths (batch,) -> the probability of each label. "
    "Where the vocabulary is a lexicon, symbols are places among the distinct words that numbers, "
    "ngrams, ngram_words (which word an n-gram is of) and ngram_weights give. An impression to "
    "read on from begins as zeros, most as -10000.",
}


class Trial(NamedTuple):
    """What the graph is given, and what the model answers."""

    given: Arrays
    expected: Arrays  # NaN where an answer means nothing


def write_onnx(path: str | os.PathLike[str], file: str | os.PathLike[str]) -> dict[str, Any]:
    """Write a model's file as a graph, its vocabulary and labels in the graph's metadata.

    Args:
        path: the model's file; weights of 8 bits are numbers again in the graph.

    Returns:
        What was compared with the model: how many texts, and the largest difference.

    Raises:
        InputError: where onnx or onnxruntime are not installed.
        MissingFileError, ModelFileError: as `elman.load` has them.
        TaskError: for a task that has no graph.
        ExportError: where the graph does not answer as the model does.
        OutputError: where it cannot be written.
    """
    for package in ("onnx", "onnxruntime"):
        needed(package, "export")
    model = load(path)
    if not isinstance(model, LanguageModel | Classifier):
        raise TaskError(
            f"there is no graph for the task {model.task!r}, only for language models and "
            "classifiers",
            place=path,
            advice=f"Use it where it is: elman predict {path}",
        )
    check_writable(file)
    network = model.network_
    graph = Graph({parameter: name for name, parameter in network.named_parameters()})
    trials: Iterator[Trial]
    if isinstance(model, LanguageModel):
        networks.language(graph, model.network_)
        trials = map(partial(_language_trial, model.network_), range(len(TRIED)))
    else:
        temperature = model.calibration_.temperature
        networks.classifier(graph, model.network_, temperature)
        trials = map(partial(_class_trial, model.network_, temperature), range(len(TRIED)))
    kept = ("task", "vocabulary", "labels", "architecture", "reader", "members", "versions")
    about = {name: value for name, value in open_bundle(path).about.items() if name in kept}
    metadata = {"elman": json.dumps(about, ensure_ascii=False)}
    content = graph.model("elman", DOC[model.task], metadata)
    difference = compared(content, trials, path)
    write_whole(Path(file), content)
    return {"compared": len(TRIED), "largest_difference": difference}


def compared(content: bytes, trials: Iterator[Trial], place: object) -> float:
    """How far the graph's answers are from the model's.

    Raises:
        ExportError: where that is too far.
    """
    session = session_of(content)
    largest = 0.0
    for given, expected in trials:
        found = dict(zip(expected, session.run(list(expected), given), strict=True))
        for name, wanted in expected.items():
            known = ~np.isnan(wanted)
            difference = float(np.abs(found[name] - wanted)[known].max(initial=0))
            if not difference <= TOLERANCE * max(1.0, float(np.abs(wanted[known]).max(initial=0))):
                raise ExportError(
                    f"ONNX Runtime's {name} is {difference:.2g} off the model's own",
                    place=place,
                    advice="No graph was written; upgrade onnxruntime, and tell us of the model.",
                )
            largest = max(largest, difference)
    return largest


def session_of(content: bytes) -> Any:
    """A session of ONNX Runtime on one thread, that only says what is an error."""
    runtime = needed("onnxruntime", "export")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return runtime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def _drawn(number: int, size: int) -> tuple[np.random.Generator, Arrays]:
    """Symbols (B, T) below a size, and lengths (B,), the longest the first."""
    draw = np.random.default_rng(number)
    rows, time = TRIED[number]
    lengths = draw.integers(1, time + 1, rows)
    lengths[0] = time
    return draw, {"symbols": draw.integers(0, size, (rows, time)), "lengths": lengths}


def _language_trial(network: SymbolNetwork, number: int) -> Trial:
    size = network.architecture.vocabulary
    draw, given = _drawn(number, size)
    symbols, lengths = map(torch.from_numpy, given.values())
    rows, time = symbols.shape
    with torch.inference_mode():
        # A state that something has been read into.
        before = torch.from_numpy(draw.integers(0, size, (rows, 3)))
        _, state = network(before, network.initial_state(rows))
        logits, after = network(symbols, state, lengths=lengths)
        logits[torch.arange(time) >= lengths[:, None]] = torch.nan
    named, expected = _named(network, state), _named(network, after, "_after")
    return Trial(given | named, expected | {"logits": logits.numpy()})


def _named(network: SymbolNetwork, states: Any, ending: str = "") -> Arrays:
    return {
        f"state{layer}.{field}{ending}": tensor.numpy(force=True)
        for layer, (block, state) in enumerate(zip(network.stack.blocks, states, strict=True))
        for field, tensor in _fields(block, state)
    }


def _fields(block: Any, state: Any) -> Iterator[tuple[str, Any]]:
    if block.mixer.convolution is not None:
        yield "recent", state.recent
    yield from state.cell._asdict().items()


def _class_trial(network: ClassNetwork, temperature: float, number: int) -> Trial:
    words, counts = 12, np.array([4, 1, 7, 2, 9, 3, 3, 5, 6, 8, 2, 4])
    reading = network.reading
    size = reading.blocks.vocabulary
    draw, given = _drawn(number, words if reading.buckets else size)
    symbols, lengths = (torch.from_numpy(each) for each in given.values())
    table = None
    if reading.buckets:
        given["numbers"] = draw.integers(0, size, words)
        given["ngrams"] = draw.integers(0, reading.buckets, counts.sum())
        given["ngram_words"] = np.repeat(np.arange(words), counts)
        given["ngram_weights"] = draw.random(counts.sum(), dtype=np.float32)
        starts = torch.from_numpy(counts.cumsum() - counts)
        numbers, ngrams, _, weights = map(torch.from_numpy, list(given.values())[2:])
        table = WordTable(torch.arange(words), numbers, ngrams, starts, weights)
    with torch.inference_mode():
        passages = Passages(symbols.t(), lengths, table)
        before = network.start(len(symbols))
        if reading.directions == 1:  # an impression of something
            _, before = network(passages, before)
        answers, after = network(passages, before)
        probabilities = (answers.double() / temperature).softmax(1).float()
    expected = {"probabilities": probabilities.numpy()}
    if reading.directions == 1:
        given |= _impressions(network, before)
        expected |= _impressions(network, after, "_after")
    return Trial(given, expected)


def _impressions(network: ClassNetwork, impressions: Any, ending: str = "") -> Arrays:
    found: Arrays = {}
    for number, (reader, impression) in enumerate(zip(network.readers, impressions, strict=True)):
        blocks = cast("Stack", reader.stacks[0]).blocks
        for layer, (block, state) in enumerate(zip(blocks, impression.states[0], strict=True)):
            for field, tensor in _fields(block, state):
                found[f"member{number}.state{layer}.{field}{ending}"] = tensor.numpy(force=True)
        for field in ("most", "total", "symbols"):
            found[f"member{number}.{field}{ending}"] = getattr(impression, field).numpy(force=True)
    return found
