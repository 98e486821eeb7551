"""The formats of tagged sentences, and writing them back: CoNLL and CoNLL-U.

CoNLL (Tjong Kim Sang and De Meulder 2003): one word a line, its tag in the last column; a blank
line ends a sentence; columns are separated by a tab, or by spaces. CoNLL-U
(universaldependencies.org/format.html): ten columns separated by tabs; the second is the word.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from elman.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence


FORMAT = "One word a line, its tag last, and a blank line after each sentence"
LINE_ENDS = "\r\n"

_CONLLU_COLUMNS = 10
_FORM, _UPOS = 2, 4
# `_` says in FEATS, DEPS and MISC that there are none, which is a tag too; elsewhere nothing.
_MAY_BE_NONE = (6, 9, 10)
_CONLLU_NAMES = (".conllu", ".conllu.gz")
_NO_ROW = ('{"', "__label__")  # JSON and fastText lines begin so
_NUMBER = re.compile(r"[0-9]+([-.][0-9]+)?")
_FIELD = re.compile(r"[^ \t]+")


@dataclass(frozen=True, slots=True)
class ConllLayout:
    """How the rows of a file are written.

    Attributes:
        shape: "conll" or "conllu".
        columns: in each row.
        word, tag: which columns hold these, counted from 1; where `tag` is one more than there
            are columns, the rows have none yet.
        tabs: whether a tab separates the columns; otherwise spaces do.
    """

    shape: str
    columns: int
    word: int
    tag: int
    tabs: bool

    def word_of(self, fields: Sequence[str]) -> str:
        """The word in a row's columns."""
        return fields[self.word - 1].strip(" ")

    def tag_of(self, fields: Sequence[str]) -> str:
        """The tag in a row's columns; empty where there is none."""
        if self.tag > self.columns:
            return ""
        tag = fields[self.tag - 1].strip(" ")
        says_nothing = self.shape == "conllu" and tag == "_" and self.tag not in _MAY_BE_NONE
        return "" if says_nothing else tag

    def fields(self, row: str) -> list[str]:
        """The columns of a row without its line's end."""
        return _fields(row, tabs=self.tabs)

    def with_tag(self, line: str, tag: str) -> str:
        """A row's line with another tag, and all else as it was."""
        row = line.rstrip(LINE_ENDS)
        end = line[len(row) :]
        if self.tag > self.columns:
            separator = "\t" if self.tabs or self.columns == 1 else " "
            return row.rstrip(" \t") + separator + tag + end
        if self.tabs:
            fields = row.split("\t")
            fields[self.tag - 1] = tag
            return "\t".join(fields) + end
        found = list(_FIELD.finditer(row))[self.tag - 1]
        return row[: found.start()] + tag + row[found.end() :] + end

    def is_comment(self, row: str, *, at_start: bool) -> bool:
        """Whether a line is none of the sentence's rows; `at_start` of one, before its rows."""
        if self.shape == "conllu":
            return row.startswith("#")
        if row.startswith("-DOCSTART-"):
            return True
        # A word may be a hash sign, or begin with one.
        is_row = "=" not in row and len(self.fields(row)) == self.columns
        return at_start and may_be_comment(row) and not is_row


def is_blank(line: str) -> bool:
    """Whether a line ends a sentence; it may hold tabs and spaces."""
    return not line.strip(" \t\r\n")


def may_be_comment(row: str) -> bool:
    """Whether a line looks like no row, while the layout of rows is not yet known."""
    return row.startswith("-DOCSTART-") or (row.startswith("# ") and "\t" not in row)


def layout_of(
    rows: Sequence[str], location: str, *, name: str, column: int | None, tags_needed: bool
) -> ConllLayout:
    """What the rows of a file's first sentence tell.

    Args:
        rows: without their lines' ends.
        place: where the first stands, as errors name it.
        name: of the file: .conllu says what it is.
        column: of the tag, counted from 1; the last if None, or UPOS in CoNLL-U.
        tags_needed: otherwise `column` may be one more than there are.

    Raises:
        InputError: these are no rows of words and tags, or there is no such column.
    """
    tabs = "\t" in rows[0]
    fields = _fields(rows[0], tabs=tabs)
    numbered = len(fields) == _CONLLU_COLUMNS and tabs and _NUMBER.fullmatch(fields[0])
    if numbered or name.endswith(_CONLLU_NAMES):
        layout = ConllLayout("conllu", _CONLLU_COLUMNS, _FORM, column or _UPOS, tabs=True)
        last = _CONLLU_COLUMNS
    else:
        columns = len(fields)
        layout = ConllLayout("conll", columns, 1, column or max(columns, 2), tabs)
        last = columns if tags_needed else columns + 1
        if rows[0].startswith(_NO_ROW) or (tabs and _hold_texts(rows)):
            raise InputError(
                "is no list of words, but a table of texts", location=location, hint=FORMAT
            )
    if not layout.word < layout.tag <= last:
        raise _no_such_column(layout, last, location)
    return layout


def _hold_texts(rows: Sequence[str]) -> bool:
    """Whether the first columns are texts: most of them have a space, as few words do."""
    return 2 * sum(" " in row.split("\t")[0].strip(" ") for row in rows) > len(rows)


def _no_such_column(layout: ConllLayout, last: int, location: str) -> InputError:
    if last == 1:
        return InputError("one column only, words without tags", location=location, hint=FORMAT)
    return InputError(
        f"column {layout.tag} holds no tags: there are {layout.columns}, and words in "
        f"column {layout.word}",
        location=location,
        hint=f"Name another, up to --column {last}",
    )


def _fields(row: str, *, tabs: bool) -> list[str]:
    return row.split("\t") if tabs else _FIELD.findall(row)


@dataclass(frozen=True, slots=True)
class TaggedSentence:
    """Words, their tags where they have any, and the lines that they stand in.

    Attributes:
        words: one or more.
        tags: one for each word, or None.
        name: of the file.
        lines: all of its lines, and those between the sentence before and it, as they were.
        rows: for each word the index of its line in `lines`.
        first: the number in the file, from 1, of the first of `lines`.
        layout: how its rows are written.
    """

    words: tuple[str, ...]
    tags: tuple[str, ...] | None
    name: str
    lines: tuple[str, ...]
    rows: tuple[int, ...]
    first: int
    layout: ConllLayout

    @property
    def line(self) -> int:
        """The number of the line of its first word, from 1."""
        return self.first + self.rows[0]

    @property
    def place(self) -> str:
        """Where its first word stands, as `file:line`."""
        return self.place_of(0)

    def place_of(self, position: int) -> str:
        """Where one of its words stands, counted from 0, as `file:line`."""
        return f"{self.name}:{self.first + self.rows[position]}"

    def written(self, tags: Sequence[str]) -> str:
        """Its lines with these tags, and all else as it was.

        Raises:
            ValueError: there is not one tag for each word.
        """
        lines = list(self.lines)
        for row, tag in zip(self.rows, tags, strict=True):
            lines[row] = self.layout.with_tag(lines[row], tag)
        return "".join(lines)
