"""Parse CSV tables of numbers, with or without a header."""

from __future__ import annotations

import csv
import math
import re
from typing import TYPE_CHECKING

from elman.errors import EmptyTextError, InputError
from elman.text.dates import parse_dates
from elman.text.lines import lines_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from elman.text.files import TextSource


_DELIMITERS = ("\t", ";", ",")
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
_DECIMAL_COMMA = re.compile(r"[-+]?\d+,\d+")
_MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "-", ".", "?"})


class Table:
    """The rows of a table; each has one cell per column.

    Args:
        name: of the file.
        names: of the columns; their numbers from 1 where there is no header.
        rows: the cells, without spaces around them.
        line_numbers: the first line of each row, from 1.
        decimal_comma: whether a decimal point may be a comma.
    """

    def __init__(
        self,
        name: str,
        names: Sequence[str],
        rows: list[list[str]],
        line_numbers: list[int],
        *,
        decimal_comma: bool,
    ) -> None:
        self.name = name
        self.names = names
        self.rows = rows
        self.line_numbers = line_numbers
        self._decimal_comma = decimal_comma

    def column(self, index: int) -> list[str]:
        """The cells of one column."""
        return [row[index] for row in self.rows]

    def number(self, cell: str) -> float | None:
        """The finite number in a cell; None where it has none."""
        if not _is_number(cell, decimal_comma=self._decimal_comma):
            return None
        number = float(cell.replace(",", "."))
        return number if math.isfinite(number) else None

    def location(self, row: int) -> str:
        """File and line of a row, for messages."""
        return f"{self.name}:{self.line_numbers[row]}"


def read_table(source: TextSource) -> Table:
    """Read a table whose delimiter is a tab, a semicolon or a comma; cells may be quoted.

    Blank lines are skipped. Where the delimiter is a semicolon, a decimal point may be a comma.

    Raises:
        EmptyTextError: there are no rows.
        InputError: there are several files, a row has another length, the quotes are malformed, or
            two columns have the same name.
    """
    documents = list(source.documents())
    if len(documents) != 1:
        raise InputError(
            f"{len(documents)} files, but series are read from one",
            location=source.name,
            hint="Name one CSV file; put several series in separate columns",
        )
    name = documents[0].name
    lines = list(lines_of(documents[0].chunks(), keep_ends=True))
    first = next((line for line in lines if line.strip()), None)
    if first is None:
        raise EmptyTextError("holds no rows", location=name, hint="Name a CSV file with numbers")
    delimiter = next((each for each in _DELIMITERS if each in first), ",")
    comma = delimiter == ";"
    rows, line_numbers = _parse(lines, delimiter, name)
    names = _header(rows[0], decimal_comma=comma)
    if names is not None:
        rows, line_numbers = rows[1:], line_numbers[1:]
        if not rows:
            raise EmptyTextError(
                "has a header but no rows", location=name, hint="Name a CSV file with numbers"
            )
    else:
        names = [str(number + 1) for number in range(len(rows[0]))]
    table = Table(name, names, rows, line_numbers, decimal_comma=comma)
    _check(table)
    return table


def _parse(lines: list[str], delimiter: str, name: str) -> tuple[list[list[str]], list[int]]:
    """The cells of each row, and the number of its first line."""
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
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


def _header(row: list[str], *, decimal_comma: bool) -> list[str] | None:
    """The names of the columns, or None where the first row holds numbers."""
    if len(row) > 1 and row == [str(number) for number in range(len(row))]:
        return row
    others = [
        cell
        for cell in row
        if not _is_number(cell, decimal_comma=decimal_comma) and cell.lower() not in _MISSING
    ]
    return row if any(parse_dates([cell]) is None for cell in others) else None


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


def _is_number(cell: str, *, decimal_comma: bool) -> bool:
    return bool(_NUMBER.fullmatch(cell) or (decimal_comma and _DECIMAL_COMMA.fullmatch(cell)))
