"""What a translator or a describer writes, from the graph's file alone: a source is read once, a
vector looked at."""

from __future__ import annotations

import dataclasses
from math import ceil

import numpy as np
import pytest

import elman
from elman.cells import CELLS
from elman.errors import ExportError
from elman.export import write_onnx
from elman.tasks.description import onnx as describer
from elman.tasks.seq2seq.config import RECIPES
from elman.tasks.translation import onnx as translator
from seq2seq_models import PAIRS, learned_toy, small

from .graphs import opened, stirred, written

pytest.importorskip("onnx", reason="onnx is not installed")
pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")

SOURCES = ["abc", "d", "ba"]
VECTORS = np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32)
SHARED = (["one two", "two one"] * 20, ["un deux", "deux un"] * 20)


def begun(session, rows):
    """The states of nothing yet, and memories with nothing in them."""
    kinds = {"tensor(float)": np.float32, "tensor(int64)": np.int64}
    return {
        each.name: np.zeros(
            [{"batch": rows, "cached": 0}.get(size, size) for size in each.shape], kinds[each.type]
        )
        for each in session.get_inputs()
        if each.name.startswith(("state", "memory"))
    }


def encoded(text, vocabulary):
    """Tokens and the 0 at their end, as the description has it; letters only."""
    return [*(257 + vocabulary["characters"].index(letter) for letter in text), 0]


def decoded(tokens, vocabulary):
    return "".join(vocabulary["characters"][token - 257] for token in tokens)


def greedy(session, about, read, rows, limit, again):
    """What is written by a program that has only the file: the likeliest token each time.

    Args:
        read: what the graph is given to read, and `again` what at every step after the first.
        limit: tokens at most.
    """
    state = begun(session, rows)
    handed = [f"{name}_after" for name in state]
    tokens, texts, done = np.zeros((rows, 1), int), [[] for _ in range(rows)], set()
    given = read
    for _ in range(limit):
        asked = {"tokens": tokens, "lengths": np.ones(rows, int), **given, **state}
        logits, *after = session.run(["logits", *handed], asked)
        state = dict(zip(state, after, strict=True))
        tokens, given = logits.argmax(2), again
        for row, (token,) in enumerate(tokens.tolist()):
            if token == 0:
                done.add(row)
            if row not in done:
                texts[row].append(token)
    return [decoded(each, about["vocabularies"]["target"]) for each in texts]


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("attention", ["dot", "additive", "none"])
def test_every_cell(tmp_path, cell, attention):
    model = small(cell=cell, attention=attention, layers=2, steps=1).fit(*PAIRS)
    written(stirred(model), tmp_path)


@pytest.mark.parametrize("order", ["both", "forward", "reversed"])
@pytest.mark.parametrize("attention", ["dot", "none"])
def test_every_order(tmp_path, order, attention):
    written(stirred(small(order=order, attention=attention, steps=1).fit(*PAIRS)), tmp_path)


def test_several_heads_and_a_vocabulary_for_each_side(tmp_path):
    model = small(hidden_size=128, steps=1).fit(SHARED[0], [text.split()[0] for text in SHARED[1]])
    assert model.source_ is not model.target_
    assert model.network_.decoder_blocks[0].attention.heads == 2
    written(stirred(model), tmp_path)


def test_it_translates_from_the_file_alone(tmp_path):
    model = learned_toy()
    session, about = opened(model, tmp_path)
    vocabularies = about["vocabularies"]
    vocabulary = vocabularies.get("source", vocabularies["target"])
    rows = [encoded(text, vocabulary) for text in SOURCES]
    lengths = np.array([len(row) for row in rows])
    source = np.zeros((len(rows), lengths.max()), int)
    for its, row in zip(source, rows, strict=True):
        its[: len(row)] = row
    slope, room = about["limit"]
    limit = ceil(slope * lengths.max() + room)
    read = {"source": source, "source_lengths": lengths}
    again = {**read, "source": source[:, :0]}
    result = greedy(session, about, read, len(rows), limit, again)
    assert result == model.predict(SOURCES, beam=1)
    assert result == ["ABC", "D", "BA"]


def test_a_target_at_once_and_where_it_looked(tmp_path):
    model = stirred(small(steps=1).fit(*PAIRS))
    session, about = opened(model, tmp_path)
    tokens = np.array([[0, *encoded("AB", about["vocabularies"]["target"])[:-1]]])
    source = np.array([encoded("ab", about["vocabularies"]["target"])])
    given = {"source": source, "source_lengths": np.array([3]), **begun(session, 1)}
    [attention] = session.run(["attention"], {**given, "tokens": tokens, "lengths": np.array([3])})
    assert attention.shape == (1, 3, 3)
    np.testing.assert_allclose(attention.sum(2), 1, atol=1e-5)


@pytest.mark.parametrize("part", ["reverse_rows", "_mask"])
def test_a_graph_that_reads_otherwise_is_not_written(tmp_path, monkeypatch, part):
    """From the wrong end, or what is padding too."""
    whole = {"reverse_rows": lambda _, x, __: x, "_mask": _open}
    monkeypatch.setattr(translator, part, whole[part])
    stirred(small(steps=1).fit(*PAIRS)).save(tmp_path / "word.st")
    with pytest.raises(ExportError, match=r"word.st: ONNX Runtime's .* off the model's own"):
        write_onnx(tmp_path / "word.st", tmp_path / "word.onnx")
    assert not (tmp_path / "word.onnx").exists()


def _open(graph, *_):
    return graph.number(0)


SAID = ["one", "two", "three"]


def vectors(count, seed=0):
    """Of three numbers one stands out, which determines the description; a fourth never varies."""
    draw = np.random.default_rng(seed)
    indices = draw.integers(0, 3, count)
    result = draw.normal(0, 0.2, (count, 4)).astype(np.float32)
    result[np.arange(count), indices] += 2
    result[:, 3] = 0
    return 50 * result + 1000, [SAID[index] for index in indices]


def describing(**settings):
    chosen = {"hidden_size": 8, "layers": 1, "tokenizer": "character", "steps": 1, "dropout": 0.0}
    return elman.Describer(**{**chosen, **settings}).fit(*vectors(400))


@pytest.mark.parametrize("cell", CELLS)
def test_every_cell_describes(tmp_path, cell):
    written(stirred(describing(cell=cell, layers=2)), tmp_path)


def test_it_describes_from_the_file_alone(tmp_path, monkeypatch):
    recipe = dataclasses.replace(RECIPES["vector"], learning_rate=1e-2)
    monkeypatch.setitem(RECIPES, "vector", recipe)
    model = describing(hidden_size=24, steps=120)
    session, about = opened(model, tmp_path)
    given, expected = vectors(9, seed=1)
    slope, room = about["limit"]
    result = greedy(session, about, {"vector": given}, 9, ceil(slope + room), {"vector": given})
    assert result == model.predict(given, beam=1)
    assert result == expected


def test_a_describer_that_reads_otherwise_is_not_written(tmp_path, monkeypatch):
    """Without its own layers the vector is another."""
    monkeypatch.setattr(describer, "gated_mlp", lambda _, __, x: x)
    describing().save(tmp_path / "say.st")
    with pytest.raises(ExportError, match=r"say.st: ONNX Runtime's .* off the model's own"):
        write_onnx(tmp_path / "say.st", tmp_path / "say.onnx")


def test_a_graph_without_the_nearest_vectors_says_so(tmp_path):
    model = elman.Describer(hidden_size=8, layers=1, steps=2)
    model.fit(VECTORS, ["above" if each[0] > 0 else "below" for each in VECTORS])
    assert model.nearest_ is not None
    model.save(tmp_path / "m.safetensors")
    agreement = write_onnx(tmp_path / "m.safetensors", tmp_path / "m.onnx")
    assert agreement["limitation"] == describer.ALONE
    model.nearest_ = None
    model.save(tmp_path / "m.safetensors")
    assert "limitation" not in write_onnx(tmp_path / "m.safetensors", tmp_path / "m.onnx")
