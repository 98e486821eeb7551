"""Lines -> tagged sentences, as they come. The formats are in conll.py."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from elman.errors import InputError
from elman.ranges import whole
from elman.text.conll import LINE_ENDS, TaggedSentence, is_blank, layout_of, may_be_comment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from elman.text.conll import ConllLayout


MAX_LINES = 100_000
"""Lines of a sentence; more are a file without blank lines."""

LONGEST_ROW = 1_000_000
"""In characters."""

_SKIP = "Mend it, or leave such sentences out: --skip-bad-rows"
_ANOTHER = "Name another column with --column, or leave such sentences out: --skip-bad-rows"
# A word's number, a range 3-4, or an empty node 3.1; no sentence has words of ten digits.
_ID = re.compile(r"([1-9][0-9]{0,8})(?:-([1-9][0-9]{0,8}))?|([0-9]{1,9})\.([1-9][0-9]{0,8})")


class SentenceReader:
    """Reads the sentences of one file.

    Args:
        name: of the file, for messages; .conllu at its end says what it is.
        column: of the tag, counted from 1; the last if None, or UPOS in CoNLL-U.
        skip_bad_rows: leave out sentences with a bad row, and count them.
        tags_needed: otherwise words without tags will do, and `column` may be the one after the
            last, which is to be written.

    Attributes:
        skipped: sentences left out until now.
        layout: of the rows; None before the first.

    Raises:
        SettingError: no row can have its tag in that column.
    """

    def __init__(
        self,
        name: str,
        *,
        column: int | None = None,
        skip_bad_rows: bool = False,
        tags_needed: bool = True,
    ) -> None:
        if column is not None:
            whole("--column", column, 2)
        self.skipped = 0
        self.layout: ConllLayout | None = None
        self._name = name
        self._column = column
        self._skip_bad_rows = skip_bad_rows
        self._tags_needed = tags_needed
        self._between: list[str] = []

    @property
    def rest(self) -> str:
        """The lines after the last sentence: what else there is to write when all are read."""
        return "".join(self._between)

    def sentences(self, lines: Iterable[str]) -> Iterator[TaggedSentence]:
        r"""The sentences, each as soon as the blank line after it has come.

        Args:
            lines: with the \n at their ends, as files and standard input give them.

        Raises:
            InputError: a row is bad and such are not to be skipped, or the first rows are none of
                CoNLL.
        """
        for first, stretch in _stretches(lines):
            layout = self.layout = self.layout or self._layout_of(first, stretch)
            try:
                sentence = self._sentence(first, stretch, layout) if layout else None
                self._check_length(first, stretch)
            except InputError:
                if not self._skip_bad_rows:
                    raise
                self.skipped += 1
                self._between = []
                continue
            if sentence is None:
                self._between += stretch
            else:
                self._between = []
                yield sentence

    def _layout_of(self, first: int, lines: list[str]) -> ConllLayout | None:
        """What the first rows tell; None where all is comment."""
        rows = [
            (number, line.rstrip(LINE_ENDS))
            for number, line in enumerate(lines, start=first)
            if not is_blank(line) and not may_be_comment(line)
        ]
        if not rows:
            return None
        return layout_of(
            [row for _, row in rows],
            f"{self._name}:{rows[0][0]}",
            name=self._name,
            column=self._column,
            tags_needed=self._tags_needed,
        )

    def _sentence(self, first: int, lines: list[str], layout: ConllLayout) -> TaggedSentence | None:
        """What stands in these lines; None where there are no rows."""
        words: list[str] = []
        tags: list[str] = []
        rows: list[int] = []
        numbering = _Numbering() if layout.shape == "conllu" else None
        place = ""
        for index, line in enumerate(lines):
            row = line.rstrip(LINE_ENDS)
            if is_blank(row) or layout.is_comment(row, at_start=not place):
                continue
            place = f"{self._name}:{first + index}"
            fields = _fields(row, layout, place)
            if numbering and not numbering.is_word(fields[0], place):
                continue
            words.append(layout.word_of(fields))
            tags.append(layout.tag_of(fields))
            rows.append(len(self._between) + index)
            if not words[-1]:
                raise InputError("the word is empty", location=place, hint=_SKIP)
            if not tags[-1] and self._tags_needed:
                raise InputError(
                    f"the tag in column {layout.tag} is empty", location=place, hint=_ANOTHER
                )
        if not place:
            return None
        if numbering:
            numbering.end(place)
        return TaggedSentence(
            words=tuple(words),
            tags=tuple(tags) if all(tags) else None,
            name=self._name,
            lines=(*self._between, *lines),
            rows=tuple(rows),
            first=first - len(self._between),
            layout=layout,
        )

    def _check_length(self, first: int, lines: list[str]) -> None:
        if sum(not is_blank(line) for line in lines) > MAX_LINES:
            raise InputError(
                f"more than {MAX_LINES:,} lines without a blank one, which ends a sentence",
                location=f"{self._name}:{first}",
                hint="Put one after each sentence",
            )


def _stretches(lines: Iterable[str]) -> Iterator[tuple[int, list[str]]]:
    """Lines up to and with the blank one after them, and the number of the first.

    Those that are too many for a sentence come as soon as they are, and what follows up to the
    blank line is passed over.
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
    """The columns of a row, as many as there have to be."""
    if len(row) > LONGEST_ROW:
        raise InputError(
            f"a line of {len(row):,} characters is no word and its tag",
            location=location,
            hint=_SKIP,
        )
    fields = layout.fields(row)
    if len(fields) != layout.columns:
        columns = "1 column" if layout.columns == 1 else f"{layout.columns} columns"
        between = " between tabs" if layout.tabs else ""
        raise InputError(
            f"expected {columns}{between} as in the first row, found {len(fields)}",
            location=location,
            hint=_SKIP,
        )
    return fields


class _Numbering:
    """Holds the first column of CoNLL-U against the order that it has to have."""

    def __init__(self) -> None:
        self._word = 0
        self._empty_nodes = 0
        self._range_end = 0

    def is_word(self, number: str, location: str) -> bool:
        """Whether a row is a word, and no multiword token or empty node.

        Raises:
            InputError: it is out of order, or no number.
        """
        found = _ID.fullmatch(number)
        if found is None:
            raise InputError(
                f"{number[:20]!r} is no row's number, as 3, 3-4 and 3.1 are",
                location=location,
                hint=_SKIP,
            )
        start, end, after, node = (int(each) if each else 0 for each in found.groups())
        if start and not end:
            sound = start == self._word + 1
            self._word, self._empty_nodes = start, 0
        elif start:
            sound = self._range_end < start == self._word + 1 <= end
            self._range_end = end
        else:
            sound = (after, node) == (self._word, self._empty_nodes + 1)
            self._empty_nodes = node
        if not sound:
            raise InputError(f"row {number} is out of order", location=location, hint=_SKIP)
        return bool(start and not end)

    def end(self, location: str) -> None:
        """The sentence ends.

        Raises:
            InputError: without a word, or within a multiword token.
        """
        if not self._word:
            raise InputError("the sentence has no word", location=location, hint=_SKIP)
        if self._range_end > self._word:
            raise InputError(
                f"the sentence ends with word {self._word}, within a multiword token",
                location=location,
                hint=_SKIP,
            )
