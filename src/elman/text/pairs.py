"""Pairs of a source and its target in the usual formats: parallel files, CSV, TSV, JSON lines."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Self, Unpack

from elman.errors import InputError
from elman.text.files import TextSource
from elman.text.json_rows import json_object
from elman.text.lines import lines_of
from elman.text.pair_reader import PairOptions, PairReader, pair_of, pairs_in_words
from elman.text.row_source import RowSource
from elman.text.tables import JSON_SUFFIXES, TABLE_SUFFIXES, suffix_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from elman.text.example_reader import Row
    from elman.text.files import Document
    from elman.text.pair_reader import Pair


_IN_MEMORY = "the texts given"


class PairSource(RowSource[PairReader]):
    """Pairs from files or from memory, which can be read any number of times.

    Args:
        source: two parallel files, sources and targets line by line; or tables, each with its own
            layout and header.
        options: of the readers.

    Attributes:
        name: of the source.

    Raises:
        SettingError: both names are the same.
    """

    def __init__(self, source: TextSource, **options: Unpack[PairOptions]) -> None:
        super().__init__(source, partial(PairReader, **options))
        self._in_memory: list[Row] | None = None
        self._columns_named = (
            options.get("source_column") is not None or options.get("target_column") is not None
        )

    @classmethod
    def from_pairs(cls, sources: Iterable[str], targets: Iterable[str]) -> Self:
        """Pairs in memory.

        Args:
            sources, targets: texts, as many of one as of the other.

        Raises:
            InputError: their numbers differ, or one is a single text.
        """
        if isinstance(sources, str | bytes) or isinstance(targets, str | bytes):
            raise InputError(
                "a single text was given instead of a list",
                location=_IN_MEMORY,
                hint="Put it in a list",
            )
        listed = list(sources), list(targets)
        if len(listed[0]) != len(listed[1]):
            raise InputError(
                f"{len(listed[0]):,} sources, but {len(listed[1]):,} targets",
                location=_IN_MEMORY,
                hint="Give each source one target",
            )
        made = cls(TextSource.from_texts(()))
        made.name = _IN_MEMORY
        made._in_memory = list(enumerate(zip(*listed, strict=True), start=1))
        return made

    def pairs(self, read: Callable[[int], None] | None = None) -> Iterator[Pair]:
        """The pairs from the beginning.

        Args:
            read: called with the number of bytes of each block as it is read.

        Raises:
            EmptyTextError: a file has no row, or no good one.
            InputError: the columns cannot be identified; one of two parallel files has more lines;
                a row is bad and is not to be skipped.
        """
        self._readers = []
        if self._in_memory is not None:
            yield from map(pair_of, self._reader(self.name).examples_of(self._in_memory))
            return
        documents = list(self._source.documents(read))
        if self.is_parallel:
            yield from map(pair_of, self._reader(documents[0].name).parallel(*documents))
            return
        for document in documents:
            reader = self._reader(document.name)
            yield from map(pair_of, reader.examples(lines_of(document.chunks())))

    @property
    def is_parallel(self) -> bool:
        """Whether the source is two parallel files: neither has the suffix of a table, and at
        least one does not begin as a table."""
        documents = list(self._source.documents())
        if len(documents) != 2 or self._columns_named:
            return False
        if any(suffix_of(each.name) in TABLE_SUFFIXES + JSON_SUFFIXES for each in documents):
            return False
        return not all(map(_begins_as_table, documents))

    @property
    def layout_in_words(self) -> str:
        """The layout, such as 'two parallel files' or 'TSV, french -> english'; reads only the
        first lines.

        Raises:
            EmptyTextError: there are only blank lines.
            InputError: the columns cannot be identified, or a requested one is missing.
        """
        if self._in_memory is not None:
            return "lists in memory"
        if self.is_parallel:
            return "two parallel files"
        for document in self._source.documents():
            layout = self._make_reader(document.name).detect_layout(lines_of(document.chunks()))
            return pairs_in_words(layout)
        return "nothing"


def _begins_as_table(document: Document) -> bool:
    first = next((line for line in lines_of(document.chunks()) if line.strip()), "")
    return "\t" in first or json_object(first) is not None
