"""How rows of two columns stand in a file: told by the first line that is not blank."""

from __future__ import annotations

import csv
import json
import re
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from elman.errors import EmptyTextError, InputError, SettingError
from elman.text.byte_decoding import without_surrogates
from elman.text.columns import LABELLED, Columns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from elman.text.lines import LineReader


Shape = Literal["csv", "tsv", "jsonl", "fasttext", "lines"]
"""'lines': one text a line, without labels."""

FASTTEXT = "__label__"

_IN_WORDS: dict[Shape, str] = {
    "csv": "CSV",
    "tsv": "TSV",
    "jsonl": "JSON lines",
    "fasttext": "fastText lines",
    "lines": "one text a line",
}
_NUMBERING = ("", "id", "idx", "index")
_HEADING = re.compile(r"[^\W\d][\w-]*")  # a single word, as no row of two texts has
DELIMITERS = ("\t", ",", ";")
TABLE_SUFFIXES = ("csv", "tsv")
JSON_SUFFIXES = ("jsonl", "json", "ndjson")
_MAX_BROKEN = 100  # lines of broken JSON before the first sound one
_SHOWN = 40  # characters of a column's name


class RequestedColumns(NamedTuple):
    """Which columns the reader asked for, by name; None: the likeliest of their kind."""

    text: str | None = None
    label: str | None = None
    labels_needed: bool = True
    columns: Columns = LABELLED

    def checked(self) -> RequestedColumns:
        """Itself.

        Raises:
            SettingError: one column cannot be both.
        """
        if self.text is not None and self.text == self.label:
            raise SettingError(
                f"{self.columns.text} and {self.columns.label} are different columns",
                location=self.columns.label_option,
                hint=f"Both were said to be {self.text!r}",
            )
        return self


class TableLayout(NamedTuple):
    """How rows are written.

    Attributes:
        names: of all columns, in the file's order; of JSON lines, the first object's.
        text, label: two of these; None where there are no columns, or no labels.
    """

    shape: Shape
    names: tuple[str, ...] = ()
    text: str | None = None
    label: str | None = None
    delimiter: str = ""

    @property
    def shape_in_words(self) -> str:
        """Such as 'CSV'."""
        return _IN_WORDS[self.shape]

    def in_words(self) -> str:
        """Such as 'CSV, text in column sentence, label in column class'."""
        parts = [self.shape_in_words]
        if self.text is not None:
            parts.append(f"text in column {self.text}")
        if self.label is not None:
            parts.append(f"label in column {self.label}")
        return ", ".join(parts)


def layout_of(feed: LineReader, name: str, wanted: RequestedColumns) -> TableLayout:
    """The layout of a file's rows; a header is taken from the feed, the first row is not.

    Raises:
        EmptyTextError: there are only blank lines.
        InputError: the columns cannot be told, or one that was asked for is not there.
    """
    line = feed.take_filled()
    if line is None:
        raise EmptyTextError("holds no rows", location=name, hint="Name a file with text")
    suffix = suffix_of(name)
    if suffix in JSON_SUFFIXES or _is_json_object(line):
        feed.give_back([line])
        return _json_lines(feed, name, wanted)
    if line.startswith(FASTTEXT) and wanted.columns is LABELLED:
        feed.give_back([line])
        if wanted.text is not None or wanted.label is not None:
            raise InputError(
                "fastText lines have no named columns",
                location=f"{name}:{feed.number + 1}",
                hint=f"Leave out {LABELLED.text_option} and {LABELLED.label_option}",
            )
        return TableLayout("fasttext")
    found = _table(line, suffix, f"{name}:{feed.number}", wanted)
    if isinstance(found, TableLayout):
        return found
    if wanted.labels_needed or wanted.text is not None or suffix in TABLE_SUFFIXES:
        raise found
    feed.give_back([line])
    return TableLayout("lines")


def find_columns(
    names: Sequence[str], location: str, wanted: RequestedColumns
) -> tuple[str, str | None]:
    """The names of the columns of text and label: those asked for, or else the likeliest.

    Of two columns, where one is known the other is the other. Where none is, and the kind goes by
    order, one or two are taken as they stand, if these are headings and no first row.

    Raises:
        InputError: they cannot be told, or one that was asked for is not there.
    """
    columns = wanted.columns
    label = _asked(wanted.label, names, location, columns.label_option)
    text = _asked(wanted.text, names, location, columns.text_option)
    text, label = columns.likeliest(names, text, label)
    if text is label is None and columns.by_order and 1 <= len(names) <= 2:
        if all(map(_is_heading, names)):
            text, label = (*names, None)[:2]
    elif len(names) == 2:
        text = text or _other(names, label)
        label = label or _other(names, text)
    if text is None or (label is None and wanted.labels_needed):
        raise _unknown_columns(names, location, text, columns)
    for each in (text, label):
        if names.count(each) > 1:
            raise InputError(
                f"{names.count(each)} columns are called {each}",
                location=location,
                hint="Give each a name of its own",
            )
    return text, label


def _asked(name: str | None, names: Sequence[str], location: str, option: str) -> str | None:
    if name is None or name in names:
        return name
    raise InputError(
        f"no column is called {name!r}: there {'is' if len(names) == 1 else 'are'} "
        + ", ".join(map(_cut, names)),
        location=location,
        hint=f"Name one of these with {option}",
    )


def _is_heading(name: str) -> bool:
    return name.casefold() not in _NUMBERING and _HEADING.fullmatch(name) is not None


def _other(names: Sequence[str], one: str | None) -> str | None:
    """Of two columns the other one, unless it only numbers the rows."""
    others = [name for name in names if name != one and name.casefold() not in _NUMBERING]
    return others[0] if one is not None and others else None


def _unknown_columns(
    names: Sequence[str], location: str, text: str | None, columns: Columns
) -> InputError:
    missing = columns.text if text is None else columns.label
    return InputError(
        f"cannot tell which column is the {missing}: the first line has "
        + (", ".join(map(_cut, names)) or "none"),
        location=location,
        hint=f"Name the columns with {columns.text_option} and {columns.label_option}; a table "
        f"without a header needs one, such as {columns.text},{columns.label}",
    )


def _cut(name: str) -> str:
    name = without_surrogates(name)
    return name if len(name) <= _SHOWN else f"{name[:_SHOWN]}..."


def _table(
    line: str, suffix: str, location: str, wanted: RequestedColumns
) -> TableLayout | InputError:
    """The layout of a table with this header, or why it is none."""
    columns = wanted.columns
    delimiters = [each for each in DELIMITERS if each in line]
    if suffix not in TABLE_SUFFIXES:
        # The line may be a text: in a sentence a space follows the comma, in a header seldom.
        tight = [each for each in delimiters if f"{each} " not in line]
        if not wanted.labels_needed or tight != delimiters:
            wanted = wanted._replace(columns=columns._replace(by_order=False))
        if not wanted.labels_needed:
            delimiters = tight
    if not delimiters and (suffix in TABLE_SUFFIXES or wanted.text is not None):
        delimiters = ["\t" if suffix == "tsv" else ","]  # a table of one column
    errors: list[tuple[int, InputError]] = []
    for delimiter in delimiters:
        names = _names(line, delimiter)
        try:
            text, label = find_columns(names, location, wanted)
        except InputError as error:
            errors.append((len(names), error))
        else:
            return TableLayout("tsv" if delimiter == "\t" else "csv", names, text, label, delimiter)
    if errors:
        return max(errors, key=lambda each: each[0])[1]
    return InputError(
        f"rows of a {columns.text} and its {columns.label} were looked for, but the first line is "
        f"{_cut(line)!r}",
        location=location,
        hint=f"Begin a table with a header such as {columns.text},{columns.label}, "
        f"{columns.other_ways}",
    )


def _names(header: str, delimiter: str) -> tuple[str, ...]:
    try:
        fields = next(csv.reader([header], delimiter=delimiter, strict=True))
    except csv.Error:  # no header, but a text with a lone quote, or with a very long line
        fields = header.split(delimiter)
    return tuple(field.strip() for field in fields)


def _json_lines(feed: LineReader, name: str, wanted: RequestedColumns) -> TableLayout:
    taken: list[str] = []
    found: TableLayout | None = None
    while found is None and len(taken) < _MAX_BROKEN and (line := feed.take()) is not None:
        taken.append(line)
        row = json_object(line)
        if row is not None:
            names = tuple(row)
            text, label = find_columns(names, f"{name}:{feed.number}", wanted)
            found = TableLayout("jsonl", names, text, label)
    first = feed.number - len(taken) + 1
    feed.give_back(taken)
    if found is None:
        raise InputError(
            "these are no JSON lines: none of the first is an object, whole on its line",
            location=f"{name}:{first}",
            hint="Write one object a line: "
            f'{{"{wanted.columns.text}": "...", "{wanted.columns.label}": "..."}}',
        )
    return found


def json_object(line: str) -> dict[str, Any] | None:
    """The object that a line holds; None where it holds something else."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return row if isinstance(row, dict) else None


def _is_json_object(line: str) -> bool:
    return line.startswith("{") and (line.startswith('{"') or json_object(line) is not None)


def suffix_of(name: str) -> str:
    """In small letters and without its dot; the one before .gz."""
    path = PurePath(name)
    path = path.with_suffix("") if path.suffix == ".gz" else path
    return path.suffix.lower().removeprefix(".")
