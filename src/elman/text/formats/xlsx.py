"""A sheet of an Excel workbook (.xlsx) as CSV."""

from __future__ import annotations

import csv
import io
import re
import warnings
import zipfile
import zlib
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from functools import partial
from itertools import chain, islice
from typing import IO, TYPE_CHECKING, Any
from xml.etree import ElementTree

from elman.errors import EmptyTextError, InputError
from elman.extras import require
from elman.text.formats.xml_safety import check_head

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from elman.text.formats.row_file import RowFile


_MAX_PART = 1 << 28  # bytes of a part that is read whole: texts, styles
_MAX_SHEET = 1 << 32  # bytes of a sheet, which is streamed
_MAX_PARTS = 10_000
_MAX_ROWS = 1_048_576  # of Excel itself
_SAMPLE = 200  # rows that show how wide the table is
_ROWS = 1000  # read at once
_NAMED = 5  # sheets
_BLOCK = 1 << 20  # bytes
_FORMULA = re.compile(rb"<(?:\w+:)?f[ >]")


def lines(file: RowFile) -> Iterator[str]:
    """The rows of the named sheet, or of the first, from its first line, as CSV; formulas as last
    calculated.

    Raises:
        MissingFileError: the file cannot be read.
        InputError: it is damaged, too large when unpacked, has no such sheet, or holds formulas
            that were never calculated; openpyxl is not installed.
    """
    openpyxl = require("openpyxl", "files")
    with _errors(file.name):
        _check_archive(file)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of styles and extensions, which are not read
            book = openpyxl.load_workbook(file.path, read_only=True, data_only=True)
        try:
            sheet = _sheet_of(book.worksheets, file)
            _check_calculated(sheet, file)
            yield from _csv_lines(sheet, file)
        finally:
            book.close()


_HINT = "Save the sheet as CSV, and name that"
_ERRORS = (
    *(zipfile.BadZipFile, zlib.error, EOFError, KeyError, ValueError, TypeError, IndexError),
    *(AttributeError, NotImplementedError, RuntimeError, OverflowError, SyntaxError, OSError),
)
"""What openpyxl raises for damaged files; `SyntaxError` is the base of errors in XML."""


@contextmanager
def _errors(name: str) -> Iterator[None]:
    try:
        yield
    except InputError:  # also a ValueError
        raise
    except _ERRORS as error:
        cause = (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
        raise InputError(
            f"not read as a workbook ({cause[:80]})", location=name, hint=_HINT
        ) from error


def _sheet_of(sheets: Sequence[Any], file: RowFile) -> Any:
    """The sheet to read; a note names the others.

    Raises:
        InputError: there is none, or none of that name.
    """
    if not sheets:
        raise EmptyTextError("holds no sheet of cells", location=file.name, hint=_HINT)
    found = [each for each in sheets if file.sheet in (None, each.title)]
    if not found:
        raise InputError(
            f"no sheet is called {file.sheet!r}: there is {_listed(sheets)}",
            location=file.name,
            hint="Name one of these with --sheet",
        )
    others = [each for each in sheets if each is not found[0]]
    if others:
        verb = "is" if len(others) == 1 else "are"
        file.notes.append(
            f"the sheet {found[0].title!r} is read; {_listed(others)} {verb} left out"
        )
    return found[0]


def _listed(sheets: Sequence[Any]) -> str:
    named = ", ".join(repr(each.title) for each in sheets[:_NAMED])
    return f"{named} and {len(sheets) - _NAMED} more" if len(sheets) > _NAMED else named


def _check_calculated(sheet: Any, file: RowFile) -> None:
    """Check that no formula lacks its value, as where a program wrote it that calculates nothing.

    Raises:
        InputError: some do.
    """
    path = sheet._worksheet_path
    with zipfile.ZipFile(file.path) as archive:
        with archive.open(path) as part:
            if not any(map(_FORMULA.search, iter(partial(part.read, _BLOCK), b""))):
                return
        with archive.open(path) as part:
            missing = list(_cells_without_value(part))
    if missing:
        counted = "a formula was" if len(missing) == 1 else f"{len(missing):,} formulas were"
        raise InputError(
            f"{counted} never calculated, so their cells are empty (the first is {missing[0]})",
            location=file.name,
            hint="Open the workbook in a spreadsheet program and save it, or save the sheet as CSV",
        )


def _cells_without_value(sheet: IO[bytes]) -> Iterator[str]:
    """The coordinates of the formulas without a value; a text may be empty."""
    for _, element in ElementTree.iterparse(sheet):
        name = element.tag.rpartition("}")[2]
        if name == "c" and element.find("{*}f") is not None and element.get("t") != "str":
            if not element.findtext("{*}v"):
                yield element.get("r", "")
        elif name == "row":
            element.clear()


def _check_archive(file: RowFile) -> None:
    """Check what openpyxl will unpack: that it is bounded, and no XML declares entities.

    `zipfile` reads no more of a part than its directory says.
    """
    with zipfile.ZipFile(file.path) as archive:
        parts = [each for each in archive.infolist() if each.filename.endswith((".xml", ".rels"))]
        is_sheet = [each.filename.startswith("xl/worksheets/") for each in parts]
        too_large = any(
            each.file_size > (_MAX_SHEET if streamed else _MAX_PART)
            for each, streamed in zip(parts, is_sheet, strict=True)
        )
        if too_large or len(archive.infolist()) > _MAX_PARTS:
            raise InputError("too large when unpacked", location=file.name, hint=_HINT)
        for each in parts:
            with archive.open(each) as part:
                check_head(part.read, f"{file.name}, {each.filename}")


def _csv_lines(sheet: Any, file: RowFile) -> Iterator[str]:
    rows = _cells(sheet)
    sample = list(islice(rows, _SAMPLE))
    width = max(map(len, sample), default=0)
    if not width:
        raise EmptyTextError(
            f"its sheet {sheet.title!r} is empty",
            location=file.name,
            hint="Name another one with --sheet",
        )
    header = next(row for row in sample if row)
    header[:] = [" ".join(cell.split()) for cell in header]  # a header is one line
    blank = 0
    for number, row in enumerate(chain(sample, rows)):
        if not row:
            blank += 1  # rows after the last are not written
            continue
        yield "\n" * blank + _csv_line([*row, *[""] * (width - len(row))])
        blank = 0
        if number % _ROWS == 0:
            file.report(number / _MAX_ROWS)


def _cells(sheet: Any) -> Iterator[list[str]]:
    """The cells of each row, without empty ones at its end."""
    sheet.reset_dimensions()  # what a file says of its width would pad every row
    rows = sheet.iter_rows(max_row=_MAX_ROWS, values_only=True)
    while True:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            taken = list(islice(rows, _ROWS))
        if not taken:
            return
        for row in taken:
            cells = [_as_text(each) for each in row]
            while cells and not cells[-1]:
                cells.pop()
            yield cells


def _csv_line(cells: Sequence[str]) -> str:
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerow(cells)
    return written.getvalue()


def _as_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        midnight = value.time() == time()
        return value.date().isoformat() if midnight else value.isoformat(" ", "seconds")
    if isinstance(value, date | time | timedelta):
        return str(value)
    if isinstance(value, float):
        if value.is_integer() and abs(value) < 1e15:
            return str(int(value))
        text = repr(value)
        # 1.105 could be a thousand with a separator; 1.1050 could not.
        return f"{text}0" if len(text.rpartition(".")[2]) == 3 else text
    return str(value).replace("\r\n", "\n").replace("\r", "\n")
