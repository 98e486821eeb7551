"""Tables of numbers: a CSV's rows, with or without a header, and the number in a cell."""

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
_GAPS = frozenset({"", "na", "n/a", "nan", "null", "none", "-", ".", "?"})


class Table:
    """Rows of as many cells as there are columns.

    Attributes:
        name: of the file.
        names: of the columns; their numbers from 1 on where there is no header.
        rows: the cells, without spaces around them; numbers: of each row's first line.
    """

    def __init__(
        self,
        name: str,
        names: Sequence[str],
        rows: list[list[str]],
        numbers: list[int],
        *,
        decimal_comma: bool,
    ) -> None:
        self.name = name
        self.names = names
        self.rows = rows
        self.numbers = numbers
        self._decimal_comma = decimal_comma

    def column(self, place: int) -> list[str]:
        return [row[place] for row in self.rows]

    def number(self, cell: str) -> float | None:
        """The finite number that a cell holds, or None."""
        if not _is_number(cell, decimal_comma=self._decimal_comma):
            return None
        number = float(cell.replace(",", "."))
        return number if math.isfinite(number) else None

    def place(self, row: int) -> str:
        """Where a row stands, for an error."""
        return f"{self.name}:{self.numbers[row]}"


def read_table(source: TextSource) -> Table:
    """The rows of a file, which are separated by tabs, semicolons or commas, quoted or not.

    Blank lines are passed over. Where semicolons separate, a decimal point may be a comma.

    Raises:
        EmptyTextError: there are no rows.
        InputError: several files, a row of another length, quotes that are wrong, or two columns
            of one name.
    """
    documents = list(source.documents())
    if len(documents) != 1:
        raise InputError(
            f"{len(documents)} files, and one is read as series",
            location=source.name,
            hint="Name one CSV file; several series stand in columns of their own",
        )
    name = documents[0].name
    lines = list(lines_of(documents[0].chunks(), keep_ends=True))
    first = next((line for line in lines if line.strip()), None)
    if first is None:
        raise EmptyTextError("holds no rows", location=name, hint="Name a CSV file with numbers")
    delimiter = next((each for each in _DELIMITERS if each in first), ",")
    comma = delimiter == ";"
    rows, numbers = _parted(lines, delimiter, name)
    names = _header(rows[0], decimal_comma=comma)
    if names is not None:
        rows, numbers = rows[1:], numbers[1:]
        if not rows:
            raise EmptyTextError(
                "holds a header and no rows", location=name, hint="Name a CSV file with numbers"
            )
    else:
        names = [str(number + 1) for number in range(len(rows[0]))]
    table = Table(name, names, rows, numbers, decimal_comma=comma)
    _check(table)
    return table


def _parted(lines: list[str], delimiter: str, name: str) -> tuple[list[list[str]], list[int]]:
    """The cells of each row, and the number of its first line."""
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    rows: list[list[str]] = []
    numbers: list[int] = []
    begins = 1
    try:
        for row in reader:
            if any(cell.strip() for cell in row) or len(row) > 1:
                rows.append([cell.strip() for cell in row])
                numbers.append(begins)
            begins = reader.line_num + 1
    except csv.Error as error:
        raise InputError(
            f"no row of a table ({error})", location=f"{name}:{begins}", hint="Mend its quotes"
        ) from error
    return rows, numbers


def _header(row: list[str], *, decimal_comma: bool) -> list[str] | None:
    """The names that a first row holds, or None where it holds numbers."""
    if len(row) > 1 and row == [str(number) for number in range(len(row))]:
        return row
    others = [
        cell
        for cell in row
        if not _is_number(cell, decimal_comma=decimal_comma) and cell.lower() not in _GAPS
    ]
    return row if any(parse_dates([cell]) is None for cell in others) else None


def _check(table: Table) -> None:
    width = len(table.names)
    for number, row in enumerate(table.rows):
        if len(row) != width:
            raise InputError(
                f"expected {width} column{'s' if width > 1 else ''}, found {len(row)}",
                location=table.place(number),
                hint="Give every row the same columns",
            )
    twice = [name for place, name in enumerate(table.names) if name in table.names[:place]]
    if twice:
        raise InputError(
            f"two columns are called {twice[0]!r}",
            location=table.name,
            hint="Give each a name of its own",
        )


def _is_number(cell: str, *, decimal_comma: bool) -> bool:
    return bool(_NUMBER.fullmatch(cell) or (decimal_comma and _DECIMAL_COMMA.fullmatch(cell)))
