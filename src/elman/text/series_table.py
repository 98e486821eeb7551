"""Parse tables of numbers, with or without a header, and what people write above the header."""

from __future__ import annotations

import csv
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

from elman.errors import EmptyTextError, InputError
from elman.text.date_formats import is_date
from elman.text.formats.row_file import delimiter_of
from elman.text.lines import lines_of, separator_line
from elman.text.numbers import (
    MISSING,
    AmbiguousNumbersError,
    Decimal,
    NumberReading,
    is_number,
    read_numbers,
)
from elman.text.series_json import json_table
from elman.text.tables import DELIMITERS, suffix_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from elman.text.files import TextSource


_MAX_PREAMBLE = 30  # rows above the header
_SNIFFED_LINES = 200
_TOTALS = frozenset(
    {"total", "totals", "grand total", "sum", "average", "mean", "gesamt", "summe", "insgesamt"}
    | {"durchschnitt", "mittelwert", "somme", "moyenne", "suma", "promedio", "media"}
)
_MIN_YEARS = 3  # columns
_SHOWN = 10  # cells at each end of a column that show what is in it
_MIN_AGREEMENT = 0.8  # the fraction of lines that must hold the delimiter
_HINT = "Name a CSV file with numbers"


class Table:
    """The rows of a table; each has one cell per column.

    Args:
        name: of the file.
        names: of the columns; their numbers from 1 where there is no header.
        rows: the cells, without spaces around them.
        line_numbers: the first line of each row, from 1.
        usual_decimal: the usual decimal mark of files with this delimiter.
        decimal: the decimal mark of every column; None: determine it for each column.
        notes: what was left out, for the user.
    """

    def __init__(
        self,
        name: str,
        names: Sequence[str],
        rows: list[list[str]],
        line_numbers: list[int],
        *,
        usual_decimal: Decimal = "point",
        decimal: Decimal | None = None,
        notes: Sequence[str] = (),
    ) -> None:
        self.name = name
        self.names = names
        self.rows = rows
        self.line_numbers = line_numbers
        self.notes = list(notes)
        self._usual_decimal = usual_decimal
        self._decimal = decimal

    def column(self, index: int) -> list[str]:
        """The cells of one column."""
        return [row[index] for row in self.rows]

    def numbers(self, index: int) -> NumberReading:
        """The numbers of a column, None where a cell has none.

        Raises:
            InputError: they can be read with a decimal point and with a decimal comma.
        """
        try:
            return read_numbers(
                self.column(index), usual=self._usual_decimal, decimal=self._decimal
            )
        except AmbiguousNumbersError as error:
            meanings = " or ".join(f"{value:.10g}" for value in error.readings.values())
            options = " or ".join(
                f"--decimal {mark} ({value:.10g})" for mark, value in error.readings.items()
            )
            row = next(row for row, cells in enumerate(self.rows) if cells[index] == error.cell)
            raise InputError(
                f"{error.cell!r} in column {self.names[index]} can be {meanings}",
                location=self.location(row),
                hint=f"Name the decimal mark: {options}",
            ) from error

    def of_rows(
        self, rows: list[list[str]], names: Sequence[str], line_numbers: Sequence[int] = ()
    ) -> Table:
        """A table with the same settings.

        Args:
            rows, names, line_numbers: see the class; no line numbers where a row is not one of the
                file.
        """
        return Table(
            self.name,
            names,
            rows,
            list(line_numbers),
            usual_decimal=self._usual_decimal,
            decimal=self._decimal,
            notes=self.notes,
        )

    def reversed(self) -> Table:
        """The table with its last row first."""
        return self.of_rows(self.rows[::-1], self.names, self.line_numbers[::-1])

    def location(self, row: int) -> str:
        """File and line of a row, for messages; the file alone where there are no line numbers."""
        return f"{self.name}:{self.line_numbers[row]}" if self.line_numbers else self.name


def series_lines(source: TextSource) -> tuple[str, list[str]]:
    """The name and the lines of the one file of a source.

    Raises:
        InputError: there are several files.
    """
    documents = list(source.documents())
    if len(documents) != 1:
        raise InputError(
            f"{len(documents)} files, but series are read from one",
            location=source.name,
            hint="Name one CSV file; put several series in separate columns",
        )
    return documents[0].name, list(lines_of(documents[0].chunks(), keep_ends=True))


def read_table(lines: Sequence[str], name: str, decimal: Decimal | None = None) -> Table:
    """Read a table whose delimiter is a tab, a semicolon, a bar or a comma; cells may be quoted. Or
    a table of JSON objects, in lines or an array.

    Blank lines, a first line 'sep=;', comments (#) and lines of description above the header are
    skipped.

    Args:
        lines: of the file, with their ends.
        name: of the file.
        decimal: the decimal mark; None: the one that fits each column.

    Raises:
        EmptyTextError: there are no rows.
        InputError: a row has another length, the quotes are malformed, or two columns have the same
            name.
    """
    table = parse_table(lines, name, decimal)
    _check(table)
    return table


def parse_table(lines: Sequence[str], name: str, decimal: Decimal | None = None) -> Table:
    """The table in some lines, whose rows may still differ in length; see `read_table`.

    Raises:
        EmptyTextError: there are no rows.
        InputError: the quotes are malformed, or JSON is.
    """
    filled = [line for line in lines[:_SNIFFED_LINES] if line.strip()]
    if not filled:
        raise EmptyTextError("holds no rows", location=name, hint=_HINT)
    found = json_table(lines, name)
    if found is not None:
        return Table(name, *found, decimal=decimal)
    delimiter = separator_line(filled[0])
    lines = list(lines)
    if delimiter is not None:
        lines[lines.index(filled[0])] = "\n"
    delimiter = delimiter_of(suffix_of(name)) or delimiter or _delimiter_of(filled)
    _blank_comments(lines, delimiter)
    rows, line_numbers = _parse(lines, delimiter, name)
    if not rows:
        raise EmptyTextError("holds no rows", location=name, hint=_HINT)
    notes = []
    header = _header_row(rows, line_numbers)
    if header:
        last = line_numbers[header] - 1
        notes.append(f"lines 1 to {last} describe the table and are left out")
        rows, line_numbers = rows[header:], line_numbers[header:]
    names = _header(rows[0])
    if names is not None:
        rows, line_numbers = rows[1:], line_numbers[1:]
        if not rows:
            raise EmptyTextError("has a header but no rows", location=name, hint=_HINT)
    else:
        names = [str(number + 1) for number in range(len(rows[0]))]
    names, rows = _without_empty_columns(names, rows)
    while _ends_in_total(rows):
        notes.append(f"line {line_numbers.pop()}, {rows.pop()[0]!r}, is no step and is left out")
    return Table(
        name,
        names,
        rows,
        line_numbers,
        usual_decimal="comma" if delimiter == ";" else "point",
        decimal=decimal,
        notes=notes,
    )


def _delimiter_of(filled: Sequence[str]) -> str:
    """The delimiter that most lines hold; else one that the first line holds."""
    for each in DELIMITERS:
        if sum(each in line for line in filled) >= _MIN_AGREEMENT * len(filled):
            return each
    return next((each for each in DELIMITERS if each in filled[0]), ",")


def _blank_comments(lines: list[str], delimiter: str) -> None:
    """Blank the comments above the table; a last one with as many cells as the row is a header."""
    comments = []
    for index, line in enumerate(lines):
        if line.startswith("#"):
            comments.append(index)
        elif line.strip():
            above = lines[index - 1] if comments and comments[-1] == index - 1 else ""
            if delimiter in line and above.count(delimiter) == line.count(delimiter):
                lines[comments.pop()] = above.lstrip("# ")
            break
    for index in comments:
        lines[index] = "\n"


def _parse(lines: Sequence[str], delimiter: str, name: str) -> tuple[list[list[str]], list[int]]:
    """The cells of each row, and the number of its first line."""
    # `csv` takes a lone \r for the end of a row.
    held = (line.replace("\r", " ") for line in lines)
    reader = csv.reader(held, delimiter=delimiter, strict=True)
    rows: list[list[str]] = []
    line_numbers: list[int] = []
    first = 1
    try:
        for row in reader:
            if any(cell.strip() for cell in row) or len(row) > 1:
                rows.append([cell.strip() for cell in row])
                line_numbers.append(first)
            first = reader.line_num + 1
    except csv.Error as error:
        raise InputError(
            f"not a row of a table ({error})", location=f"{name}:{first}", hint="Fix its quotes"
        ) from error
    return rows, line_numbers


def _header_row(rows: Sequence[Sequence[str]], line_numbers: Sequence[int]) -> int:
    """The index of the header: 0, unless lines of description stand above it.

    Such lines have fewer cells than the table, or a blank line stands between them and the header.
    """
    width = Counter(map(len, rows)).most_common(1)[0][0]
    sample = [row for row in rows[-_SNIFFED_LINES:] if len(row) == width]
    are_numbers = [
        2 * sum(map(is_number, column)) > sum(cell.lower() not in MISSING for cell in column)
        for column in zip(*sample, strict=True)
    ]
    if not any(are_numbers):
        return 0

    def is_data(row: Sequence[str]) -> bool:
        cells = [cell for cell, is_one in zip(row, are_numbers, strict=False) if is_one]
        return len(row) == width and any(map(is_number, cells))

    data = next((row for row, each in enumerate(rows[: _MAX_PREAMBLE + 1]) if is_data(each)), 0)
    header = data - 1
    if header >= 0 and len(rows[header]) != width and _names_years(rows[data]):
        header = data
    if header < 1 or len(rows[header]) != width or not all(map(_may_be_name, rows[header])):
        return 0
    follow_blank = line_numbers[header] > line_numbers[header - 1] + 1
    are_shorter = all(_filled(row) < _filled(rows[header]) for row in rows[:header])
    return header if follow_blank or are_shorter else 0


def _names_years(row: Sequence[str]) -> bool:
    """Whether a row heads columns of years, behind others."""
    years = [int(cell) for cell in row if len(cell) == 4 and cell.isdecimal()]
    follow = all(after - before == 1 for before, after in pairwise(years))
    return len(years) >= _MIN_YEARS and follow and not is_number(row[0])


def _ends_in_total(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the last row is a total below dates or numbers, such as years."""
    if len(rows) < 3 or rows[-1][0].rstrip(":").casefold() not in _TOTALS:
        return False
    above = [row[0] for row in rows[:-1]]
    shown = [*above[:_SHOWN], *above[-_SHOWN:]]
    in_totals = [cell.rstrip(":").casefold() in _TOTALS for cell in shown]
    return not all(in_totals) and all(
        is_total or is_number(cell) or is_date(cell)
        for cell, is_total in zip(shown, in_totals, strict=True)
    )


def _filled(row: Sequence[str]) -> int:
    return sum(map(bool, row))


def _may_be_name(cell: str) -> bool:
    return not is_number(cell) or cell.isdigit()


def _header(row: list[str]) -> list[str] | None:
    """The names of the columns, or None where the first row holds numbers."""
    if len(row) > 1 and row == [str(number) for number in range(len(row))]:
        return row
    others = [cell for cell in row if not is_number(cell) and cell.lower() not in MISSING]
    return row if any(not is_date(cell) for cell in others) else None


def _without_empty_columns(
    names: list[str], rows: list[list[str]]
) -> tuple[list[str], list[list[str]]]:
    """The table without columns that have neither a name nor cells, as a trailing delimiter
    makes."""
    width = len(names)
    empty = {
        index
        for index, name in enumerate(names)
        if not name and not any(len(row) == width and row[index] for row in rows)
    }
    if not empty:
        return names, rows

    def kept(row: list[str]) -> list[str]:
        if len(row) != width:
            return row
        return [cell for index, cell in enumerate(row) if index not in empty]

    return kept(names), [kept(row) for row in rows]


def _check(table: Table) -> None:
    width = len(table.names)
    for number, row in enumerate(table.rows):
        if len(row) != width:
            raise InputError(
                f"expected {width} column{'s' if width > 1 else ''}, found {len(row)}",
                location=table.location(number),
                hint="Give every row the same columns",
            )
    repeated = [name for index, name in enumerate(table.names) if name in table.names[:index]]
    if repeated:
        raise InputError(
            f"two columns are called {repeated[0]!r}",
            location=table.name,
            hint="Give each column another name",
        )
