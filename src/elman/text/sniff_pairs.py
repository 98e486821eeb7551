"""Whether files hold texts and what they are rewritten to: told by names and first lines."""

from __future__ import annotations

from pathlib import PurePath
from statistics import median
from typing import TYPE_CHECKING

from elman.errors import InputError
from elman.text.columns import LABELLED, PAIRED
from elman.text.pair_reader import PairReader
from elman.text.paths import SUFFIXES
from elman.text.tables import JSON_SUFFIXES, TABLE_SUFFIXES

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence


_FEWEST_ROWS = 10
"""So many at least tell by what they hold, whatever their columns are called."""
_MOST = 0.9  # of the rows have to be good, and of the texts to hold a letter
_MAX_DIFFERENT = 0.5


def are_parallel(names: Sequence[str], others: Collection[str]) -> bool:
    """Whether these are the names of two files such as train.fr and train.en: the same but for
    their endings, which are no known ones of text and tables, nor one of these others."""
    paths = [PurePath(name) for name in names]
    paths = [path.with_suffix("") if path.suffix == ".gz" else path for path in paths]
    known = {*SUFFIXES, *(f".{each}" for each in (*TABLE_SUFFIXES, *JSON_SUFFIXES, *others)), ""}
    endings = {path.suffix.lower() for path in paths}
    stems = {path.with_suffix("") for path in paths}
    return len(paths) == len(endings) == 2 and len(stems) == 1 and known.isdisjoint(endings)


def pairs_in(lines: Sequence[str], name: str) -> str | None:
    """What shows that these lines, the first of a file, are a table of sources and targets; None
    where they are none, or rather texts with a label."""
    reader = PairReader(name, skip_bad_rows=True)
    try:
        rows = [(row.text, row.label or "") for row in reader.examples(lines)]
    except InputError:
        return None
    layout = reader.layout
    assert layout is not None
    assert layout.text is not None
    assert layout.label is not None
    if len(rows) < _MOST * (len(rows) + reader.skipped):
        return None
    columns = layout.text, layout.label
    if not PAIRED.know(*columns) or LABELLED.know(*columns):
        if columns[1].casefold() in {*LABELLED.label_names} - {*PAIRED.label_names}:
            return None  # it is called a label
        targets = [target for _, target in rows]
        are_texts = _are_texts([source for source, _ in rows]) and _are_texts(targets)
        if not are_texts or len(rows) < _FEWEST_ROWS:
            return None
        if columns[1].casefold() in LABELLED.label_names and _words(targets) < 2:
            return None
    return f"{layout.shape_in_words}, {columns[0]} -> {columns[1]}"


def _are_texts(values: Sequence[str]) -> bool:
    """Most of them differ, as labels do not, and are not numbers."""
    lettered = sum(any(map(str.isalpha, value)) for value in values)
    return len(set(values)) > _MAX_DIFFERENT * len(values) and lettered >= _MOST * len(values)


def _words(texts: Sequence[str]) -> float:
    return median(len(text.split()) for text in texts)
