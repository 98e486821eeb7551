"""Formats of tagged sentences, to read and to write: CoNLL and CoNLL-U.

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
# `_` is a value in FEATS, DEPS and MISC ("none"); in other columns the value is missing.
_MAY_BE_NONE = (6, 9, 10)
_CONLLU_NAMES = (".conllu", ".conllu.gz")
_OTHER_FORMATS = ('{"', "__label__")  # the beginning of JSON and fastText lines
_NUMBER = re.compile(r"[0-9]+([-.][0-9]+)?")
_FIELD = re.compile(r"[^ \t]+")


@dataclass(frozen=True, slots=True)
class ConllLayout:
    """The format of the rows of a file.

    Attributes:
        shape: "conll" or "conllu".
        columns: the number of columns in each row.
        word, tag: the columns of the word and of the tag, counted from 1; `tag = columns + 1`
            where the rows have no tag yet.
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
        is_missing = self.shape == "conllu" and tag == "_" and self.tag not in _MAY_BE_NONE
        return "" if is_missing else tag

    def fields(self, row: str) -> list[str]:
        """The columns of a row that is given without its line ending."""
        return _fields(row, tabs=self.tabs)

    def with_tag(self, line: str, tag: str) -> str:
        """The line of a row with its tag replaced or added; everything else stays as it is."""
        row = line.rstrip(LINE_ENDS)
        end = line[len(row) :]
        if self.tag > self.columns:
            separator = "\t" if self.tabs or self.columns == 1 else " "
            return row.rstrip(" \t") + separator + tag + end
        if self.tabs:
            fields = row.split("\t")
            fields[self.tag - 1] = tag
            return "\t".join(fields) + end
        field = list(_FIELD.finditer(row))[self.tag - 1]
        return row[: field.start()] + tag + row[field.end() :] + end

    def is_comment(self, row: str, *, at_start: bool) -> bool:
        """Whether a line is a comment.

        Args:
            row: the line without its ending.
            at_start: whether it comes before the first row of its sentence.
        """
        if self.shape == "conllu":
            return row.startswith("#")
        if row.startswith("-DOCSTART-"):
            return True
        # A word may begin with a hash sign.
        is_row = "=" not in row and len(self.fields(row)) == self.columns
        return at_start and may_be_comment(row) and not is_row


def is_blank(line: str) -> bool:
    """Whether a line ends a sentence; it may hold tabs and spaces."""
    return not line.strip(" \t\r\n")


def may_be_comment(row: str) -> bool:
    """Whether a line looks like a comment, before the layout of the rows is known."""
    return row.startswith("-DOCSTART-") or (row.startswith("# ") and "\t" not in row)


def layout_of(
    rows: Sequence[str], location: str, *, name: str, column: int | None, tags_needed: bool
) -> ConllLayout:
    """Detect the layout of a file from the rows of its first sentence.

    Args:
        rows: without their line endings.
        location: file and line of the first row, for messages.
        name: of the file; .conllu means CoNLL-U.
        column: of the tag, counted from 1; None: the last one, or UPOS in CoNLL-U.
        tags_needed: whether the tag column must exist; if not, `column` may be the one after the
            last.

    Raises:
        InputError: these are not rows of words and tags, or there is no such column.
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
        if rows[0].startswith(_OTHER_FORMATS) or (tabs and _hold_texts(rows)):
            raise InputError(
                "is not a list of words but a table of texts", location=location, hint=FORMAT
            )
    if not layout.word < layout.tag <= last:
        raise _no_such_column(layout, last, location)
    return layout


def _hold_texts(rows: Sequence[str]) -> bool:
    """Whether most first columns have a space in them, as texts do and few words."""
    return 2 * sum(" " in row.split("\t")[0].strip(" ") for row in rows) > len(rows)


def _no_such_column(layout: ConllLayout, last: int, location: str) -> InputError:
    if last == 1:
        return InputError("one column only, words without tags", location=location, hint=FORMAT)
    return InputError(
        f"column {layout.tag} holds no tags: there are {layout.columns} columns, and the words "
        f"are in column {layout.word}",
        location=location,
        hint=f"Name another column, up to --column {last}",
    )


def _fields(row: str, *, tabs: bool) -> list[str]:
    return row.split("\t") if tabs else _FIELD.findall(row)


@dataclass(frozen=True, slots=True)
class TaggedSentence:
    """A sentence: its words, its tags if it has any, and its lines in the file.

    Attributes:
        words: one or more.
        tags: one for each word, or None.
        name: of the file.
        lines: the lines from the end of the last sentence to the end of this one, unchanged.
        rows: for each word the index of its line in `lines`.
        first: the line number, from 1, of the first of `lines`.
        layout: of its rows.
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
        """The line number of the first word, from 1."""
        return self.first + self.rows[0]

    @property
    def location(self) -> str:
        """The location of the first word, as `file:line`."""
        return self.location_of(0)

    def location_of(self, position: int) -> str:
        """The location of the word at a position, counted from 0, as `file:line`."""
        return f"{self.name}:{self.first + self.rows[position]}"

    def with_tags(self, tags: Sequence[str]) -> str:
        """The lines of the sentence with other tags; everything else stays as it is.

        Args:
            tags: one for each word.

        Raises:
            ValueError: there is not one tag for each word.
        """
        lines = list(self.lines)
        for row, tag in zip(self.rows, tags, strict=True):
            lines[row] = self.layout.with_tag(lines[row], tag)
        return "".join(lines)
