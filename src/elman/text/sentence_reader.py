"""Read tagged sentences from a stream of lines. The formats are in conll.py."""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING

from elman.errors import InputError
from elman.ranges import check_integer
from elman.text.conll import (
    LINE_ENDS,
    RequestedTags,
    TaggedSentence,
    is_blank,
    layout_of,
    may_be_comment,
)
from elman.text.slashed import NOTE, separator_of, slashed_sentences
from elman.text.tagged_json import columns_in, json_sentences
from elman.text.tagged_table import table_sentences, tag_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from elman.text.conll import ConllLayout


MAX_LINES = 100_000
"""The most lines of a sentence; more mean a file without blank lines."""

MAX_ROW_LENGTH = 1_000_000
"""The longest row, in characters."""

_GLOBAL_COLUMNS = "# global.columns"
_SKIP = "Fix it, or skip such sentences: --skip-bad-rows"
_ANOTHER = "Name another column with --column, or skip such sentences: --skip-bad-rows"
# An ID of CoNLL-U: a word 3, a range 3-4 or an empty node 3.1; nine digits are enough.
_ID = re.compile(r"([1-9][0-9]{0,8})(?:-([1-9][0-9]{0,8}))?|([0-9]{1,9})\.([1-9][0-9]{0,8})")


class SentenceReader:
    """Reads the sentences of one file.

    Args:
        name: of the file, for messages; .conllu means CoNLL-U.
        column: of the tag, counted from 1; None: the last one, or UPOS in CoNLL-U.
        word_column: of the word, counted from 1; None: see `conll.layout_of`.
        skip_bad_rows: whether to skip and count sentences with a bad row; if not, a bad row is an
            error.
        check_layout: called with the layout, the first row and its location; raises InputError
            where they do not suit; None: any suits.
        tags_needed: whether every word needs a tag; if not, `column` may be the one after the
            last, where predicted tags will be written.

    Attributes:
        skipped: the number of sentences skipped so far.
        layout: of the rows; None before the first sentence, and in tables with a header.
        note: what is remarkable about the columns, for the user; None if nothing.

    Raises:
        SettingError: `column` is less than 2, or `word_column` than 1.
    """

    def __init__(
        self,
        name: str,
        *,
        column: int | None = None,
        word_column: int | None = None,
        skip_bad_rows: bool = False,
        tags_needed: bool = True,
        check_layout: Callable[[ConllLayout, str, str], None] | None = None,
    ) -> None:
        if column is not None:
            check_integer("column", column, 2)
        if word_column is not None:
            check_integer("word-column", word_column, 1)
        self.skipped = 0
        self.layout: ConllLayout | None = None
        self.note: str | None = None
        self._name = name
        self._check_layout = check_layout
        self._requested = RequestedTags(column, word_column, tags_needed)
        self._names: list[str] = []  # of the columns in CoNLL-U Plus
        self._skip_bad_rows = skip_bad_rows
        self._tags_needed = tags_needed
        self._pending: list[str] = []  # lines since the last sentence

    @property
    def trailing_lines(self) -> str:
        """The lines after the last sentence, once all sentences have been read."""
        return "".join(self._pending)

    def sentences(self, lines: Iterable[str]) -> Iterator[TaggedSentence]:
        r"""The sentences, each as soon as the blank line after it has arrived.

        Args:
            lines: with the \n at their ends.

        Raises:
            InputError: a row is bad and is not to be skipped, or the file is not CoNLL.
        """
        columns, lines = columns_in(lines, self._requested)
        if columns is not None:
            self.note = columns.in_words
            yield from self._of_table(json_sentences(columns, lines, self._name))
            return
        before: list[str] = []
        for line in lines:
            before.append(line)
            if not is_blank(line):
                break
        table = tag_table(before[-1], self._requested) if before else None
        if table is not None:
            self.note = table.in_words
            numbered = enumerate(lines, start=len(before) + 1)
            yield from self._of_table(table_sentences(table, numbered, self._name))
            return
        is_named = self._requested.tag is not None or self._requested.word is not None
        separator = separator_of(before[-1]) if before and not is_named else None
        if separator is not None:
            self.note = NOTE
            numbered = enumerate(chain(before, lines), start=1)
            yield from self._of_table(slashed_sentences(separator, numbered, self._name))
            return
        for first, stretch in _stretches(chain(before, lines)):
            layout = self.layout = self.layout or self._layout_of(first, stretch)
            self.note = layout.note if layout else None
            try:
                sentence = self._sentence(first, stretch, layout) if layout else None
                self._check_length(first, stretch)
            except InputError:
                if not self._skip_bad_rows:
                    raise
                self.skipped += 1
                self._pending = []
                continue
            if sentence is None:
                self._pending += stretch
            else:
                self._pending = []
                yield sentence

    def _of_table(
        self, sentences: Iterable[TaggedSentence | InputError]
    ) -> Iterator[TaggedSentence]:
        for found in sentences:
            if isinstance(found, InputError):
                error = found
            elif found.tags is None and self._tags_needed:
                error = InputError("a tag is empty", location=found.location, hint=_ANOTHER)
            else:
                yield found
                continue
            if not self._skip_bad_rows:
                raise error
            self.skipped += 1

    def _layout_of(self, first: int, lines: list[str]) -> ConllLayout | None:
        """The layout of the first rows; None where there are only comments."""
        rows = []
        for number, line in enumerate(lines, start=first):
            if line.startswith(_GLOBAL_COLUMNS):
                self._names = line.partition("=")[2].split()
            elif not is_blank(line) and not may_be_comment(line):
                rows.append((number, line.rstrip(LINE_ENDS)))
        if not rows:
            return None
        layout = layout_of(
            [row for _, row in rows],
            f"{self._name}:{rows[0][0]}",
            name=self._name,
            requested=self._requested,
            names=self._names,
        )
        data = rows[layout.header is not None :]
        if self._check_layout is not None and data:
            self._check_layout(layout, data[0][1], f"{self._name}:{data[0][0]}")
        return layout

    def _sentence(self, first: int, lines: list[str], layout: ConllLayout) -> TaggedSentence | None:
        """The sentence in these lines; None where they have no rows."""
        words: list[str] = []
        tags: list[str] = []
        rows: list[int] = []
        numbering = _Numbering() if layout.has_ids else None
        location = ""
        for index, line in enumerate(lines):
            row = line.rstrip(LINE_ENDS)
            if is_blank(row) or layout.is_comment(row, at_start=not location):
                continue
            location = f"{self._name}:{first + index}"
            fields = _fields(row, layout, location)
            if numbering and not numbering.is_word(fields[0], location):
                continue
            words.append(layout.word_of(fields))
            tags.append(layout.tag_of(fields))
            rows.append(len(self._pending) + index)
            if not words[-1]:
                raise InputError("the word is empty", location=location, hint=_SKIP)
            if not tags[-1] and self._tags_needed:
                raise InputError(
                    f"the tag in column {layout.tag} is empty", location=location, hint=_ANOTHER
                )
        if not location:
            return None
        if numbering:
            numbering.end(location)
        return TaggedSentence(
            words=tuple(words),
            tags=tuple(tags) if all(tags) else None,
            name=self._name,
            lines=(*self._pending, *lines),
            rows=tuple(rows),
            first=first - len(self._pending),
            layout=layout,
        )

    def _check_length(self, first: int, lines: list[str]) -> None:
        if sum(not is_blank(line) for line in lines) > MAX_LINES:
            raise InputError(
                f"more than {MAX_LINES:,} lines without a blank line, which ends a sentence",
                location=f"{self._name}:{first}",
                hint="Put a blank line after each sentence",
            )


def _stretches(lines: Iterable[str]) -> Iterator[tuple[int, list[str]]]:
    """The lines of each sentence, including the blank line after it, and the number of the first.

    A sentence of more than MAX_LINES lines is cut there; its other lines are skipped.
    """
    stretch: list[str] = []
    first, filled = 1, 0
    for number, line in enumerate(lines, start=1):
        blank = is_blank(line)
        filled += not blank
        if filled <= MAX_LINES:
            stretch.append(line)
        elif stretch:
            yield first, [*stretch, line]
            stretch = []
        if blank and filled:
            if stretch:
                yield first, stretch
            stretch, first, filled = [], number + 1, 0
    if stretch:
        yield first, stretch


def _fields(row: str, layout: ConllLayout, location: str) -> list[str]:
    """The columns of a row, whose number is checked."""
    if len(row) > MAX_ROW_LENGTH:
        raise InputError(
            f"a line of {len(row):,} characters is too long for a word and its tag",
            location=location,
            hint=_SKIP,
        )
    fields = layout.fields(row)
    if len(fields) != layout.columns:
        columns = "1 column" if layout.columns == 1 else f"{layout.columns} columns"
        between = " between tabs" if layout.tabs else ""
        raise InputError(
            f"expected {columns}{between}, as in the first row, but found {len(fields)}",
            location=location,
            hint=_SKIP,
        )
    return fields


class _Numbering:
    """Checks the order of the IDs of CoNLL-U, the first column."""

    def __init__(self) -> None:
        self._word = 0
        self._empty_nodes = 0
        self._range_end = 0

    def is_word(self, number: str, location: str) -> bool:
        """Whether a row is a word, not a multiword token or an empty node.

        Raises:
            InputError: its ID is malformed or out of order.
        """
        match = _ID.fullmatch(number)
        if match is None:
            raise InputError(
                f"{number[:20]!r} is not the number of a row, such as 3, 3-4 or 3.1",
                location=location,
                hint=_SKIP,
            )
        start, end, after, node = (int(each) if each else 0 for each in match.groups())
        if start and not end:
            is_in_order = start == self._word + 1
            self._word, self._empty_nodes = start, 0
        elif start:
            is_in_order = self._range_end < start == self._word + 1 <= end
            self._range_end = end
        else:
            is_in_order = (after, node) == (self._word, self._empty_nodes + 1)
            self._empty_nodes = node
        if not is_in_order:
            raise InputError(f"row {number} is out of order", location=location, hint=_SKIP)
        return bool(start and not end)

    def end(self, location: str) -> None:
        """Check the end of the sentence.

        Raises:
            InputError: it has no word, or ends within a multiword token.
        """
        if not self._word:
            raise InputError("the sentence has no word", location=location, hint=_SKIP)
        if self._range_end > self._word:
            raise InputError(
                f"the sentence ends with word {self._word}, within a multiword token",
                location=location,
                hint=_SKIP,
            )
