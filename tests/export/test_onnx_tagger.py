"""A tagger's graph finds the best tags by itself, and its metadata describe how words are read."""

from __future__ import annotations

import itertools
import re
import zlib

import numpy as np
import pytest

import elman
from elman.cells import CELLS
from elman.errors import ExportError
from elman.export import write_onnx
from elman.tasks.tagging import onnx as tagger
from elman.text.tagsets import convert_tags

from .graphs import opened, stirred, written

pytest.importorskip("onnx", reason="onnx is not installed")
pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")

WORDS = [["Ann", "saw", "New", "York", "."], ["the", "cat", "sat"], ["Bob", "Lee", "ran"]] * 8
SPEECH = [["N", "V", "N", "N", "P"], ["D", "N", "V"], ["N", "N", "V"]] * 8
NAMES = [["B-P", "O", "B-L", "I-L", "O"], ["O", "O", "O"], ["B-P", "I-P", "O"]] * 8
NEW = [
    ["Zed", "saw", "York", "."],
    ["the"],
    ["Ann", "Lee", "New", "York", "sat", "42", "3.14"] * 4,
    ["straße" * 9, "McBob", "naïve"],
]


def small(**settings):
    return elman.Tagger(**{"hidden_size": 8, "steps": 30, "dropout": 0.1, **settings})


def looked_up(words, vocabulary):
    """What the graph asks of some words, according to its description."""
    lexicon, buckets = vocabulary["words"], vocabulary["buckets"]
    numbers, ngrams, owners, weights = [], [], [], []
    for index, word in enumerate(words):
        lower = word.lower()
        numbers.append(1 + lexicon.index(lower) if lower in lexicon else 0)
        short = word if len(word) <= 30 else word[:15] + word[-15:]
        marked = f"<{short.lower()}>"
        grams = [marked[i : i + n] for n in (2, 3, 4, 5) for i in range(len(marked) - n + 1)]
        ngrams += [zlib.crc32(each.encode()) % buckets for each in [*grams, shape_of(short)]]
        owners += [index] * (len(grams) + 1)
        weights += [1 / np.sqrt(len(grams))] * len(grams) + [1]
    return {
        "numbers": np.array(numbers),
        "ngrams": np.array(ngrams),
        "ngram_words": np.array(owners),
        "ngram_weights": np.array(weights, dtype=np.float32),
    }


def shape_of(word):
    kinds = "".join(
        "X" if c.isupper() else "x" if c.isalpha() else "d" if c.isdigit() else c for c in word
    )
    return " " + "".join(kind for kind, _ in itertools.groupby(kinds))


def features_of(sentences, buckets):
    """What the graph asks of the words around a word, according to its description."""
    rows = np.zeros((len(sentences), max(map(len, sentences)), 22), dtype=np.int64)
    for row, sentence in zip(rows, sentences, strict=True):
        words = ["", "", *(word.lower() for word in sentence), "", ""]
        shapes = list(map(shape_of, ["", "", *sentence, "", ""]))
        for place in range(len(sentence)):
            at, word = place + 2, words[place + 2]
            texts = [f"word[{k}]={words[at + k]}" for k in range(-2, 3)]
            texts += [f"shape[{k}]={shapes[at + k]}" for k in range(-2, 3)]
            texts += [f"prefix{n}={word[:n]}" for n in range(1, 5)]
            texts += [f"suffix{n}={word[-n:]}" for n in range(1, 5)]
            for name, each in (("words", words), ("shapes", shapes)):
                texts += [f"{name}[-1]={' '.join(each[at - 1 : at + 1])}"]
                texts += [f"{name}[1]={' '.join(each[at : at + 2])}"]
            row[place] = [zlib.crc32(text.encode()) % buckets for text in texts]
    return rows


def tagged(session, about, sentences):
    """The labels of each word, as a program has them that has only the graph's file."""
    lengths = np.array([len(words) for words in sentences])
    tokens = np.zeros((len(sentences), lengths.max()), dtype=np.int64)
    ends = lengths.cumsum()
    for row, length, end in zip(tokens, lengths, ends, strict=True):
        row[:length] = np.arange(end - length, end)
    words = looked_up([word for words in sentences for word in words], about["vocabulary"])
    given = {"tokens": tokens, "lengths": lengths, **words}
    if "counts" in about:
        given["features"] = features_of(sentences, about["counts"]["buckets"])
    [result] = session.run(["tags"], given)
    return [
        [about["labels"][tag] for tag in row[:length]]
        for row, length in zip(result, lengths, strict=True)
    ]


@pytest.mark.parametrize("cell", CELLS)
def test_every_cell(tmp_path, cell):
    written(stirred(small(cell=cell, layers=2, steps=1).fit(WORDS, SPEECH)), tmp_path)


def test_it_tags_from_the_file_alone(tmp_path):
    model = stirred(small().fit(WORDS, SPEECH))
    session, about = opened(model, tmp_path)
    expected = model.predict(NEW)
    assert len({tag for tags in expected for tag in tags}) > 2
    assert tagged(session, about, NEW) == expected
    assert [tagged(session, about, [words])[0] for words in NEW] == expected


@pytest.mark.parametrize("scheme", ["bio", "bioes", "bilou", "iob1"])
def test_entities_are_legal_in_their_scheme(tmp_path, scheme):
    """Weights at random would break the rules at every other word, were there none."""
    model = stirred(small().fit(WORDS, [list(convert_tags(tags, "bio", scheme)) for tags in NAMES]))
    session, about = opened(model, tmp_path)
    expected = model.predict(NEW)
    assert len({tag for tags in expected for tag in tags}) > 2
    result = tagged(session, about, NEW)
    if scheme == "iob1":
        result = [list(convert_tags(tags, "bioes", scheme)) for tags in result]
    assert result == expected
    assert about["tags"]["scheme"] == scheme


def test_the_description_states_the_inputs_of_words(tmp_path):
    session, _ = opened(small(steps=1).fit(WORDS, SPEECH), tmp_path)
    description = session.get_modelmeta().graph_description
    for each in ("2 to 5", "1 / sqrt", "crc32", "modulo the buckets", "more than 30", "last 15"):
        assert re.search(re.escape(each), description)


def test_a_graph_that_ranks_otherwise_is_not_written(tmp_path, monkeypatch):
    best = tagger._best

    def greedy(graph, crf, logits, rows):
        _, score = best(graph, crf, logits, rows)
        tags = graph.op("ArgMax", logits, axis=2, keepdims=0)
        return graph.op("Transpose", tags, perm=[1, 0]), score

    monkeypatch.setattr(tagger, "_best", greedy)
    stirred(small(steps=1).fit(WORDS, NAMES)).save(tmp_path / "tags.st")
    with pytest.raises(ExportError, match=r"tags.st: ONNX Runtime's tags is .* off"):
        write_onnx(tmp_path / "tags.st", tmp_path / "tags.onnx")
    assert not (tmp_path / "tags.onnx").exists()
