"""Infer the task of files from their names and first lines."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, Literal, NamedTuple

from elman.errors import InputError
from elman.text.array_file import ARRAY_SUFFIXES
from elman.text.example_reader import ExampleReader
from elman.text.lines import lines_of
from elman.text.sniff import table_in
from elman.text.sniff_pairs import are_parallel, pairs_in
from elman.text.sniff_series import numbers_in
from elman.text.tables import suffix_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from elman.text.files import TextSource


Task = Literal["language", "classify", "tag", "translate", "describe", "forecast"]

_LINES = 1000
_CHARACTERS = 1_000_000
"""The limits of the inspected beginning of a file, in lines and in characters."""

_MIN_AGREEMENT = 0.9
"""The fraction of rows or lines that must match a format."""

_TAG_SUFFIXES = ("conll", "conllu", "conllx", "iob", "iob2", "bio", "bioes")
_MAX_COLUMNS = 5  # of CoNLL files
_CONLLU_COLUMNS = 10
_CONLLU_ID = re.compile(r"\d+([-.]\d+)?")
_DOCUMENT = "-DOCSTART-"
_TAG = re.compile(r"[BIESLUO]-\S+|[^\W\da-z]\S*|\W+")
"""The tag of an entity, of a part of speech (with a capital), or of a punctuation mark."""


class TaskGuess(NamedTuple):
    """The likely task of a file.

    Attributes:
        task: 'language' for running text; 'classify' for texts with labels; 'tag' for words with
            tags; 'translate' for pairs of texts; 'describe' for vectors with texts; 'forecast' for
            time series.
        because: the evidence, such as 'CSV, text in column review, label in column stars'.
    """

    task: Task
    because: str


def infer_task(source: TextSource) -> TaskGuess:
    """Infer the task of a source from the names of its files and the beginning of the first.

    Raises:
        InputError: the source cannot be read.
    """
    names = source.names
    if any(suffix_of(name) in ARRAY_SUFFIXES for name in names):
        return TaskGuess("describe", "an array of vectors")
    if are_parallel(names, _TAG_SUFFIXES):
        return TaskGuess("translate", "two parallel files")
    for document in source.documents():
        lines: list[str] = []
        room = _CHARACTERS
        for line in islice(lines_of(document.chunks()), _LINES):
            lines.append(line)
            room -= len(line)
            if room < 0:
                break
        return _guess(lines, document.name)
    return TaskGuess("language", "there is no text yet")


def _guess(lines: Sequence[str], name: str) -> TaskGuess:
    evidence = numbers_in(lines)
    if evidence is not None:
        return TaskGuess("forecast", evidence)
    evidence = pairs_in(lines, name)
    if evidence is not None:
        return TaskGuess("translate", evidence)
    evidence = _labelled(lines, name)
    if evidence is not None:
        return TaskGuess("classify", evidence)
    evidence = tagged_in(lines, name)
    if evidence is not None:
        return TaskGuess("tag", evidence)
    return TaskGuess("language", table_in(lines) or "running text")


def _labelled(lines: Sequence[str], name: str) -> str | None:
    reader = ExampleReader(name, skip_bad_rows=True)
    try:
        examples = reader.examples(lines)
    except InputError:
        return None
    assert reader.layout is not None
    if reader.layout.shape in ("csv", "tsv"):
        try:
            texts = [example.text for example in examples]
        except InputError:  # only a header, or no good row: training reports the error
            texts = []
        rows = len(texts) + reader.skipped
        by_name = suffix_of(name) in ("csv", "tsv")
        if not by_name and (not texts or len(texts) < _MIN_AGREEMENT * rows):
            return None
        if sum(any(map(str.isalpha, text)) for text in texts) < _MIN_AGREEMENT * len(texts):
            return None  # dates and numbers
    return reader.layout.in_words()


def tagged_in(lines: Sequence[str], name: str) -> str | None:
    """The evidence that these first lines of a file are words with tags; None if there is none."""
    rows = [line for line in lines if line.strip() and not line.startswith(_DOCUMENT)]
    words = [line for line in rows if not line.startswith("#")]
    if _is_conllu(words):
        return "CoNLL-U, ten columns a word"
    columns = _columns_of_conll(rows)
    by_name = suffix_of(name) in _TAG_SUFFIXES
    if columns and (by_name or _is_grouped(lines)):
        return f"CoNLL, {columns} columns a word, blank lines between sentences"
    return "its name's ending" if by_name else None


def _is_conllu(rows: Sequence[str]) -> bool:
    tables = [row.split("\t") for row in rows]
    whole = sum(
        len(row) == _CONLLU_COLUMNS and _CONLLU_ID.fullmatch(row[0]) is not None for row in tables
    )
    return bool(rows) and whole >= _MIN_AGREEMENT * len(rows)


def _columns_of_conll(rows: Sequence[str]) -> int | None:
    """The number of columns, if these are words and tags."""
    separator = "\t" if any("\t" in row for row in rows) else " "
    tables = [row.strip("\r\n").split(separator) for row in rows]
    counts = {len(row) for row in tables}
    number = min(counts, key=lambda count: -sum(len(row) == count for row in tables), default=0)
    words = sum(
        len(row) == number and not any(each != each.strip() or " " in each for each in row)
        for row in tables
    )
    if not 2 <= number <= _MAX_COLUMNS or words < _MIN_AGREEMENT * len(rows):
        return None
    tags = sum(_TAG.fullmatch(row[-1]) is not None for row in tables)
    if separator == " " and tags < _MIN_AGREEMENT * len(rows):
        return None
    return number


def _is_grouped(lines: Sequence[str]) -> bool:
    """Whether there is a blank line between lines that are not blank."""
    filled = [bool(line.strip()) for line in lines]
    first = filled.index(True) if True in filled else 0
    last = len(filled) - filled[::-1].index(True) if True in filled else 0
    return not all(filled[first:last])
