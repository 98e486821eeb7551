"""Identify the columns of a table by their cells, where its header does not, or where none is."""

from __future__ import annotations

import csv
import re
from statistics import mean
from typing import TYPE_CHECKING, NamedTuple

from elman.text.lines import csv_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_ROWS = 200  # that are looked at
_NUMBERING = frozenset({"", "id", "idx", "index"})  # names of columns that only count rows
_ATTRIBUTION = re.compile(r"CC[- ](BY|0)|attribution:|https?://|tatoeba", re.IGNORECASE)
_MIN_ROWS = 10
_MIN_AGREEMENT = 0.9  # the fraction of rows with the usual number of cells
_MAX_LABELS = 0.3  # distinct labels, by rows
_MIN_DISTINCT = 0.5  # distinct texts, sources and targets, by rows


class ColumnGuess(NamedTuple):
    """Two columns, counted from 0.

    Attributes:
        text, label: the columns.
        has_header: whether the first row names them.
    """

    text: int
    label: int
    has_header: bool


def rows_of(lines: Sequence[str], delimiter: str) -> list[list[str]]:
    """The cells of lines, each a row, without those whose number of cells is unusual; empty where
    the lines are no table."""
    filled = [line for line in lines if line.strip()]
    try:
        rows = [next(csv_rows([line], delimiter)) for line in filled]
    except csv.Error:  # quotes within texts, or texts of several lines
        rows = [line.split(delimiter) for line in filled]
    width = len(rows[0]) if rows else 0
    whole = [[cell.strip() for cell in row] for row in rows if len(row) == width]
    enough = len(whole) >= max(_MIN_ROWS, _MIN_AGREEMENT * len(rows))
    return whole if width > 1 and enough else []


def labelled_columns(rows: Sequence[Sequence[str]]) -> ColumnGuess | None:
    """The columns of a label, which recurs, and of a text, the longest; None where there are none.

    Args:
        rows: from `rows_of`.
    """
    if not rows:
        return None
    columns = list(zip(*rows[1:], strict=True))
    labels = {
        column: set(cells)
        for column, cells in enumerate(columns)
        if all(cells) and 2 <= len(set(cells)) <= max(2, _MAX_LABELS * len(cells))
    }
    texts = {
        column: mean(map(len, cells))
        for column, cells in enumerate(columns)
        if mean(len(cell.split()) for cell in cells) >= 2
        and sum(any(map(str.isalpha, cell)) for cell in cells) >= _MIN_AGREEMENT * len(cells)
    }
    if not texts:
        return None
    differ = {
        column: length
        for column, length in texts.items()
        if len(set(columns[column])) > _MIN_DISTINCT * len(columns[column])
    }
    texts = differ or texts  # not a date of collection, or a query, which recurs
    text = max(texts, key=lambda column: texts[column])
    short = [column for column in labels if column != text and mean(map(len, columns[column])) < 30]
    if not short:
        return None
    label = min(short, key=lambda column: (column in texts, len(labels[column])))
    return ColumnGuess(text, label, rows[0][label] not in labels[label])


def paired_columns(rows: Sequence[Sequence[str]]) -> ColumnGuess | None:
    """The first two columns that hold different texts, if the first row is one like the others;
    None where there are none.

    Beside them stand at most a column of anything after them, and any of whole numbers or of
    attributions, as Tatoeba writes.

    Args:
        rows: from `rows_of`.
    """
    if not rows or not _NUMBERING.isdisjoint(map(str.casefold, rows[0])):
        return None
    columns = list(zip(*rows, strict=True))
    kept = [
        column
        for column, cells in enumerate(columns)
        if not all(map(str.isdigit, cells)) and not _are_attributions(cells)
    ]
    if not 2 <= len(kept) <= 3:
        return None
    for column in kept[:2]:
        cells = columns[column]
        lettered = sum(any(map(str.isalpha, cell)) for cell in cells)
        if len(set(cells)) <= _MIN_DISTINCT * len(cells) or lettered < _MIN_AGREEMENT * len(cells):
            return None
    pairs = [[row[column] for column in kept[:2]] for row in rows]
    is_short = all(" " not in cell for cell in pairs[0])
    has_texts = mean(len(cell.split()) for pair in pairs for cell in pair) > 1
    if is_short and has_texts and _seems_header(pairs):
        return None
    return ColumnGuess(kept[0], kept[1], False)


def _are_attributions(cells: Sequence[str]) -> bool:
    """Whether most cells say whose a text is, and under which licence."""
    found = sum(_ATTRIBUTION.match(cell) is not None for cell in cells)
    return found >= _MIN_AGREEMENT * len(cells)


def _seems_header(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first row is much shorter than most: one word where texts have several."""
    return mean(len(cell.split()) for row in rows[1:] for cell in row) >= 2


def is_header_cell(rows: Sequence[Sequence[str]], label: int, guess: ColumnGuess | None) -> bool:
    """Whether the first cell of the labels is none of them."""
    if guess is not None and guess.label == label:
        return guess.has_header
    return rows[0][label] not in {row[label] for row in rows[1:]}
