"""Recognise files of sources and targets by their names and first lines."""

from __future__ import annotations

from pathlib import PurePath
from statistics import median
from typing import TYPE_CHECKING

from elman.errors import InputError
from elman.text.columns import LABELLED, PAIRED
from elman.text.pair_reader import PairReader, pairs_in_words
from elman.text.paths import SUFFIXES
from elman.text.slot_folder import slots_in
from elman.text.tables import JSON_SUFFIXES, TABLE_SUFFIXES

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence


_MIN_ROWS = 10
"""With fewer rows, only the names of the columns count."""
_MIN_AGREEMENT = 0.9  # the fraction of good rows, and of texts with a letter
_MIN_DISTINCT = 0.5  # the fraction of distinct texts, which labels do not reach


def are_parallel(names: Sequence[str], others: Collection[str]) -> bool:
    """Whether these are two file names such as train.fr and train.en, which differ only in their
    suffixes.

    Args:
        names: of the files.
        others: suffixes without a dot that, like those of text and tables, name another format.
    """
    paths = [PurePath(name) for name in names]
    paths = [path.with_suffix("") if path.suffix == ".gz" else path for path in paths]
    known = {*SUFFIXES, *(f".{each}" for each in (*TABLE_SUFFIXES, *JSON_SUFFIXES, *others)), ""}
    endings = {path.suffix.lower() for path in paths}
    stems = {path.with_suffix("") for path in paths}
    if slots_in(names) is not None:
        return False
    return len(paths) == len(endings) == 2 and len(stems) == 1 and known.isdisjoint(endings)


def pairs_in(lines: Sequence[str], name: str) -> str | None:
    """The evidence that these first lines of a file are a table of sources and targets, such as
    'TSV, french -> english'; None where they are not, or are texts with labels."""
    reader = PairReader(name, skip_bad_rows=True)
    try:
        rows = [(row.text, row.label or "") for row in reader.examples(lines)]
    except InputError:
        return None
    layout = reader.layout
    assert layout is not None
    assert layout.text is not None
    assert layout.label is not None
    if len(rows) < _MIN_AGREEMENT * (len(rows) + reader.skipped):
        return None
    columns = layout.text, layout.label
    if layout.shape == "dictionary":
        return layout.shape_in_words
    if not PAIRED.match(*columns) or LABELLED.match(*columns):
        if columns[1].casefold() in {*LABELLED.label_names} - {*PAIRED.label_names}:
            return None  # only labels have such a name
        targets = [target for _, target in rows]
        are_texts = _are_texts([source for source, _ in rows]) and _are_texts(targets)
        if not are_texts or len(rows) < _MIN_ROWS:
            return None
        if columns[1].casefold() in LABELLED.label_names and _median_words(targets) < 2:
            return None
    return pairs_in_words(layout)


def _are_texts(values: Sequence[str]) -> bool:
    """Whether most values are distinct, unlike labels, and hold letters, unlike numbers."""
    lettered = sum(any(map(str.isalpha, value)) for value in values)
    is_distinct = len(set(values)) > _MIN_DISTINCT * len(values)
    return is_distinct and lettered >= _MIN_AGREEMENT * len(values)


def _median_words(texts: Sequence[str]) -> float:
    return median(len(text.split()) for text in texts)
