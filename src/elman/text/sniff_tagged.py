"""Recognise words with a tag each from the first lines of a file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from elman.text.conll import is_entity_tag, is_header
from elman.text.formats.row_file import row_format_of
from elman.text.slashed import NOTE, slashed_in
from elman.text.tables import suffix_of
from elman.text.tagged_json import columns_in
from elman.text.tagged_table import tag_table

if TYPE_CHECKING:
    from collections.abc import Sequence


TAG_SUFFIXES = ("conll", "conllu", "conllx", "iob", "iob2", "bio", "bioes")
_MAX_COLUMNS, _MAX_COUNTED = 5, 40  # of CoNLL files; of those whose first column counts words
_CONLLU_COLUMNS = 10
_CONLLU_ID = re.compile(r"\d+([-.]\d+)?")
_DOCUMENT = "-DOCSTART-"
_TAG = re.compile(r"[BIESLUObieslu][-_]\S+|o|[^\W\da-z]\S*|\W+")
"""An entity's tag, a part of speech, which begins with a capital, or a punctuation mark's."""
_MOST = 0.9
"""The share of rows that have to be of the kind."""


def tagged_in(lines: Sequence[str], name: str) -> str | None:
    """What shows that these lines are words with tags, the first of a file; None if nothing."""
    listed, _ = columns_in(lines)
    if listed is not None:
        converted = row_format_of(name)
        return f"{converted.words if converted else 'JSON'}, {listed.in_words}"
    rows = [line for line in lines if line.strip() and not line.startswith(_DOCUMENT)]
    table = tag_table(rows[0]) if rows else None
    if table is not None and len(rows) > 1:
        return table.in_words
    if slashed_in(rows) is not None:
        return f"words and tags, {NOTE}"
    if rows and rows[0].startswith("# global.columns"):
        return "CoNLL-U Plus"
    words = [line for line in rows if not line.startswith("#")]
    if _is_conllu(words):
        return "CoNLL-U, ten columns a word"
    has_header = bool(rows) and is_header(rows[0].split("\t" if "\t" in rows[0] else None))
    columns = _columns_of_conll(rows[has_header:])
    by_name = suffix_of(name) in TAG_SUFFIXES
    if columns and (by_name or is_grouped(lines)):
        return f"CoNLL, {columns} columns a word, blank lines between sentences"
    return "its name's ending" if by_name else None


def _is_conllu(rows: Sequence[str]) -> bool:
    tables = [row.split("\t") for row in rows]
    whole = sum(
        len(row) == _CONLLU_COLUMNS and _CONLLU_ID.fullmatch(row[0]) is not None for row in tables
    )
    return bool(rows) and whole >= _MOST * len(rows)


def _columns_of_conll(rows: Sequence[str]) -> int | None:
    """How many columns there are, if these are words and tags."""
    separator = "\t" if any("\t" in row for row in rows) else " "
    tables = [row.strip("\r\n").split(separator) for row in rows]
    counts = {len(row) for row in tables}
    number = min(counts, key=lambda count: -sum(len(row) == count for row in tables), default=0)
    words = sum(
        len(row) == number and not any(each != each.strip() or " " in each for each in row)
        for row in tables
    )
    firsts = [row[0] for row in tables]
    counted = firsts[:2] in (["1", "2"], ["0", "1"]) and all(map(str.isdigit, firsts))
    if not 2 <= number <= (_MAX_COUNTED if counted else _MAX_COLUMNS) or words < _MOST * len(rows):
        return None
    tags = max(
        sum(_TAG.fullmatch(row[-1]) is not None for row in tables),
        sum(is_entity_tag(row[0]) for row in tables),
    )
    if separator == " " and tags < _MOST * len(rows):
        return None
    return number


def is_grouped(lines: Sequence[str]) -> bool:
    """Whether a blank line stands between lines that are not blank."""
    filled = [bool(line.strip()) for line in lines]
    first = filled.index(True) if True in filled else 0
    last = len(filled) - filled[::-1].index(True) if True in filled else 0
    return not all(filled[first:last])
