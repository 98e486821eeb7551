"""Recognise texts with a label each from the first lines of a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from elman.errors import InputError
from elman.text.class_folder import classes_in
from elman.text.example_reader import ExampleReader
from elman.text.requested_columns import RepeatedColumnError
from elman.text.slot_folder import intents_in
from elman.text.sniff_tagged import is_grouped
from elman.text.tables import suffix_of
from elman.text.tagged_json import columns_in
from elman.text.tagged_table import tag_table

if TYPE_CHECKING:
    from collections.abc import Sequence


_MOST = 0.9  # of the rows have to be good, and of the texts to hold a letter


def labelled_by_names(names: Sequence[str]) -> str | None:
    """What shows that files are texts with labels, by their names; None if nothing.

    Raises:
        InputError: they are several splits of such texts.
    """
    return intents_in(names) or classes_in(names)


def labelled_in(lines: Sequence[str], name: str) -> str | None:
    """What shows that these lines, the first of a file, are texts with labels; None if nothing.

    Raises:
        InputError: two columns have the name of the text or of the label.
    """
    filled = [line for line in lines if line.strip()]
    table = tag_table(filled[0]) if filled else None
    if table is not None and (table.sentence is not None or is_grouped(lines)):
        return None  # words with tags, in sentences
    reader = ExampleReader(name, skip_bad_rows=True)
    try:
        examples = reader.examples(lines)
    except RepeatedColumnError:
        raise
    except InputError:
        return None
    assert reader.layout is not None
    columns, _ = columns_in(lines)
    if columns is not None and columns.spans and columns.tags == reader.layout.label:
        return None
    if reader.layout.shape in ("csv", "tsv"):
        try:
            texts = [example.text for example in examples]
        except InputError:  # a header alone, or no good row: what is wrong is said when it is read
            texts = []
        rows = len(texts) + reader.skipped
        by_name = suffix_of(name) in ("csv", "tsv")
        if not by_name and (not texts or len(texts) < _MOST * rows):
            return None
        if sum(any(map(str.isalpha, text)) for text in texts) < _MOST * len(texts):
            return None  # dates and numbers
    return reader.layout.in_words()
