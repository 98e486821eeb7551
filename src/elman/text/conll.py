"""Formats of tagged sentences, to read and to write: CoNLL and CoNLL-U.

CoNLL (Tjong Kim Sang and De Meulder 2003): one word a line, its tag in the last column; a blank
line ends a sentence; columns are separated by a tab, or by spaces. CoNLL-U
(universaldependencies.org/format.html): ten columns separated by tabs; the second is the word.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from elman.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence


WORD_NAMES = frozenset({"token", "tokens", "word", "words", "form"})
TAG_NAMES = frozenset(
    {"tag", "tags", "label", "labels", "ner", "ner_tag", "ner_tags", "ner tag", "entity", "iob"}
    | {
        "bio",
        "pos",
        "pos_tag",
        "pos tag",
        "postag",
        "upos",
        "xpos",
        "chunk",
        "slot",
        "named entity",
    }
)
"""Usual names of columns of words and of tags, in lower case."""

_SYNTAX_NAMES = frozenset({"pos", "pos_tag", "pos tag", "postag", "upos", "xpos", "chunk"})

FORMAT = "One word a line, its tag last, and a blank line after each sentence"
LINE_ENDS = "\r\n"

_CONLLU_COLUMNS = 10
_FORM, _UPOS = 2, 4
# `_` is a value in FEATS, DEPS and MISC ("none"); in other columns the value is missing.
_MAY_BE_NONE = (6, 9, 10)
_CONLLU_NAMES = (".conllu", ".conllu.gz")
_OTHER_FORMATS = ('{"', "__label__")  # the beginning of JSON and fastText lines
_LETTERS = frozenset("BIESLUbieslu")
_ENTITY = re.compile(r"[Oo]|[BIESLUbieslu][-_]\S+")
_CONLL_2009_COLUMNS, _CONLL_2009_POS = 14, 5
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
        header: the header, a row of the file that names the columns; None: there is none.
        named: whether `# global.columns` names the columns (CoNLL-U Plus).
        has_ids: whether the first column has IDs as in CoNLL-U.
    """

    shape: str
    columns: int
    word: int
    tag: int
    tabs: bool
    header: str | None = None
    named: bool = False
    has_ids: bool = False

    @property
    def note(self) -> str | None:
        """What is remarkable about the columns, for the user."""
        parts = []
        if self.header is not None:
            parts.append("the first row names the columns and is left out")
        is_usual = self.word == 1 and self.tag >= self.columns
        if self.named or self.header is not None or (self.shape == "conll" and not is_usual):
            parts.append(f"the words are in column {self.word}, the tags in column {self.tag}")
        return "; ".join(parts) or None

    def word_of(self, fields: Sequence[str]) -> str:
        """The word in a row's columns."""
        return fields[self.word - 1].strip(" ")

    def tag_of(self, fields: Sequence[str]) -> str:
        """The tag in a row's columns; empty where there is none."""
        if self.tag > self.columns:
            return ""
        tag = fields[self.tag - 1].strip(" ")
        may_be_none = self.named or self.shape == "conll" or self.tag in _MAY_BE_NONE
        return canonical_tag(tag) if tag != "_" or may_be_none else ""

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
        if row.startswith("-DOCSTART-") or (at_start and row == self.header):
            return True
        # A word may begin with a hash sign.
        is_row = "=" not in row and len(self.fields(row)) == self.columns
        return at_start and may_be_comment(row) and not is_row


def canonical_tag(tag: str) -> str:
    """A tag of an entity as schemes write it: 'B-PER' for 'B_PER', 'B-per' for 'b-per', 'O' for
    'o'; any other tag as it is."""
    if tag == "o":
        return "O"
    if tag[:1] in _LETTERS and tag[1:2] in ("-", "_") and tag[2:]:
        is_entity = tag[1] == "-" or tag[0].isupper()
        return f"{tag[0].upper()}-{tag[2:]}" if is_entity else tag
    return tag


def is_blank(line: str) -> bool:
    """Whether a line ends a sentence; it may hold tabs and spaces."""
    return not line.strip(" \t\r\n")


def may_be_comment(row: str) -> bool:
    """Whether a line looks like a comment, before the layout of the rows is known."""
    return row.startswith("-DOCSTART-") or (row.startswith("# ") and "\t" not in row)


class RequestedTags(NamedTuple):
    """The columns of words and tags to read.

    Attributes:
        tag: the column of the tag, counted from 1; None: the last one, or UPOS in CoNLL-U.
        word: the column of the word; None: the first one that does not count the words, or FORM.
        needed: whether the tag column must exist; if not, `tag` may be the one after the last.
    """

    tag: int | None = None
    word: int | None = None
    needed: bool = True


def layout_of(
    rows: Sequence[str],
    location: str,
    *,
    name: str,
    requested: RequestedTags,
    names: Sequence[str] = (),
) -> ConllLayout:
    """Detect the layout of a file from the rows of its first sentence.

    A first row such as 'token<TAB>tag' is a header. A first column that counts 1, 2, 3, or 0, 1, 2,
    is an index, and the words are in the second. If tags of entities are not in the last column but
    in another, that is the column of the tags; if it is the first, the words follow it.

    Args:
        rows: without their line endings.
        location: file and line of the first row, for messages.
        name: of the file; .conllu means CoNLL-U.
        requested: the columns to read.
        names: of the columns, from `# global.columns`; empty: there are none.

    Raises:
        InputError: these are not rows of words and tags, or there is no such column.
    """
    tabs = "\t" in rows[0]
    fields = _fields(rows[0], tabs=tabs)
    header = None
    if not names:
        header = rows[0] if is_header(fields) else None
        names = fields if header is not None else ()
    folded = [each.strip().casefold() for each in names]
    numbered = len(fields) == _CONLLU_COLUMNS and tabs and _NUMBER.fullmatch(fields[0])
    if not names and (numbered or name.endswith(_CONLLU_NAMES)):
        word, tag = requested.word or _FORM, requested.tag or _UPOS
        layout = ConllLayout("conllu", _CONLLU_COLUMNS, word, tag, tabs=True, has_ids=True)
        last = _CONLLU_COLUMNS
    else:
        columns = len(fields)
        data = [_fields(row, tabs=tabs) for row in rows[header is not None :]]
        word = _column_of(folded, WORD_NAMES) or (2 if _count_words(data) else 1)
        default = tag_column(folded) or _default_tag(data, columns, word)
        if default == word == 1:
            word = 2
        is_plus = bool(names) and header is None
        layout = ConllLayout(
            "conllu" if is_plus else "conll",
            columns,
            requested.word or word,
            requested.tag or default,
            tabs,
            header=header,
            named=is_plus,
            has_ids=is_plus and folded[0] == "id",
        )
        last = columns if requested.needed else columns + 1
        if rows[0].startswith(_OTHER_FORMATS) or (tabs and _hold_texts(rows, layout.word)):
            raise InputError(
                "is not a list of words but a table of texts", location=location, hint=FORMAT
            )
    if layout.word == layout.tag or layout.tag > last:
        raise _no_such_column(layout, last, location)
    return layout


def is_header(fields: Sequence[str]) -> bool:
    """Whether a first row names a column of words and one of tags."""
    folded = [field.strip().casefold() for field in fields]
    word = _column_of(folded, WORD_NAMES)
    return bool(word) and bool(_column_of(folded, TAG_NAMES)) and len(set(folded)) == len(folded)


def _column_of(names: Sequence[str], known: frozenset[str]) -> int:
    """The first column with a known name, from 1; 0 where there is none."""
    return next((column for column, name in enumerate(names, start=1) if name in known), 0)


def tag_column(names: Sequence[str]) -> int:
    """The column of the tags by its name, from 1: the last one, but a part of speech only where it
    is all there is; 0 where there is none.

    Args:
        names: of the columns, in lower case.
    """
    found = [column for column, name in enumerate(names, start=1) if name in TAG_NAMES]
    others = [column for column in found if names[column - 1] not in _SYNTAX_NAMES]
    return (others or found or [0])[-1]


def _count_words(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first of several columns counts the words of a sentence."""
    firsts = [row[0] for row in rows]
    return (
        len(rows) > 1
        and min(map(len, rows)) > 1
        and any(firsts == [str(start + row) for row in range(len(rows))] for start in (0, 1))
    )


def _default_tag(rows: Sequence[Sequence[str]], columns: int, word: int) -> int:
    """The last column; in CoNLL-2009 the part of speech; and where the last column holds no tags of
    entities, the last one that does."""
    if word > 1 and columns >= _CONLL_2009_COLUMNS:
        return _CONLL_2009_POS
    whole = [row for row in rows if len(row) == columns]
    if len(whole) > 1:
        for column in range(columns, 0, -1):
            if all(_ENTITY.fullmatch(row[column - 1]) for row in whole):
                return column
    return max(columns, word + 1)


def is_entity_tag(cell: str) -> bool:
    """Whether a cell is a tag such as B-PER or O."""
    return _ENTITY.fullmatch(cell) is not None


def _hold_texts(rows: Sequence[str], column: int) -> bool:
    """Whether most cells of a column have a space in them, as texts do and few words."""
    cells = [row.split("\t")[column - 1 : column] for row in rows]
    return 2 * sum(" " in cell.strip(" ") for row in cells for cell in row) > len(rows)


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
