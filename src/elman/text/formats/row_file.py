"""Files of rows in formats that are not lines of text, converted to lines as they are read."""

from __future__ import annotations

import json
import math
from importlib import import_module
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, NamedTuple

from elman.text.byte_decoding import TextDecoder, cut_in_chunks

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Iterator
    from pathlib import Path


class RowFormat(NamedTuple):
    """A format of rows.

    Attributes:
        words: its name, such as 'Parquet'.
        converter: the module and the function that convert such a file: (a `RowFile`) -> its lines,
            with newlines.
        is_text: whether the file is text, which may also be compressed (.gz).
        delimiter: of the lines, which are CSV; empty: they are JSON.
        has_sheets: whether the file may hold several tables with names.
    """

    words: str
    converter: str
    is_text: bool = False
    delimiter: str = ""
    has_sheets: bool = False


_ARROW = "elman.text.formats.arrow:lines"
_XLSX = "elman.text.formats.xlsx:lines"
ROW_FORMATS = {
    "parquet": RowFormat("Parquet", _ARROW),
    "feather": RowFormat("Feather", _ARROW),
    "arrow": RowFormat("Arrow", _ARROW),
    "tmx": RowFormat("TMX", "elman.text.formats.tmx:lines", is_text=True),
    "po": RowFormat("gettext", "elman.text.formats.gettext:lines", is_text=True),
    "xlsx": RowFormat("Excel", _XLSX, delimiter=",", has_sheets=True),
    "xlsm": RowFormat("Excel", _XLSX, delimiter=",", has_sheets=True),
}
"""The formats that are converted, by the suffix of a file."""


def delimiter_of(suffix: str) -> str | None:
    """The delimiter of the lines to which files with a suffix are converted; None for others."""
    found = ROW_FORMATS.get(suffix)
    return found.delimiter or None if found else None


def format_in_words(name: str) -> str:
    """The format of a document that was converted to rows; empty for others."""
    if name.endswith("/"):
        return "a folder for each class"
    found = row_format_of(name)
    if found is not None:
        return found.words
    return "parallel files" if PurePath(name).name == "seq.in" else ""


def row_format_of(name: str) -> RowFormat | None:
    """The format of a file that is converted, by its name; None for others."""
    path = PurePath(name)
    is_gzipped = path.suffix == ".gz"
    path = path.with_suffix("") if is_gzipped else path
    found = ROW_FORMATS.get(path.suffix.lower().removeprefix("."))
    return None if found is None or (is_gzipped and not found.is_text) else found


class RowFile:
    """A file that is being converted.

    Args:
        name: for messages.
        path: of the bytes.
        gzipped: whether to decompress them.
        read: called with the number of bytes of each part that is read; None: nothing is called.
        notes: of the file, for the user; what the converter leaves out is appended.
        sheet: the name of the table to read; None: the first.
    """

    def __init__(
        self,
        name: str,
        path: Path,
        *,
        gzipped: bool,
        read: Callable[[int], None] | None,
        notes: list[str],
        sheet: str | None = None,
    ) -> None:
        self.name = name
        self.path = path
        self.sheet = sheet
        self.gzipped = gzipped
        self.notes = notes
        self._read = read
        self._reported = 0

    def blocks(self) -> Iterator[bytes]:
        """The bytes, decompressed, in blocks; reports how many of the file were read.

        Raises:
            MissingFileError: the file cannot be read.
            InputError: its gzip data is damaged.
        """

        def count(size: int) -> None:
            self._reported += size
            if self._read is not None:
                self._read(size)

        decoder = TextDecoder(self.name, lambda: self.path, "utf-8", gzipped=self.gzipped)
        return decoder.blocks(count)

    def report(self, part: float) -> None:
        """Report how much of the file has been read.

        Args:
            part: of the bytes, from 0 to 1.
        """
        done = int(part * self.path.stat().st_size)
        if self._read is not None and done > self._reported:
            self._read(done - self._reported)
            self._reported = done


class RowDecoder:
    """Converts one file of rows to text, any number of times.

    Args:
        name: of the file, for messages.
        locate: returns the path of the bytes.
        row_format: of the file.
        notes: becomes what a reading leaves out, for the user.
        gzipped: whether to decompress the bytes first.
        sheet: the name of the table to read in a file of several; None: the first.
    """

    def __init__(
        self,
        name: str,
        locate: Callable[[], Path],
        row_format: RowFormat,
        notes: list[str],
        *,
        gzipped: bool,
        sheet: str | None = None,
    ) -> None:
        self.name = name
        self._sheet = sheet
        self._notes = notes
        self._locate = locate
        self._format = row_format
        self._gzipped = gzipped

    def chunks(self, size: int, read: Callable[[int], None] | None) -> Iterator[str]:
        """The lines in chunks, see `cut_in_chunks`.

        Args:
            size: the largest chunk, in characters.
            read: called with the number of bytes of each part as it is read.

        Raises:
            MissingFileError: the file cannot be read.
            InputError: it is damaged, or a package that reads it is not installed.
        """
        return cut_in_chunks(self._lines(read), size)

    def _lines(self, read: Callable[[int], None] | None) -> Iterator[str]:
        module, _, function = self._format.converter.partition(":")
        convert = getattr(import_module(module), function)
        self._notes.clear()
        path = self._locate()
        file = RowFile(
            self.name,
            path,
            gzipped=self._gzipped,
            read=read,
            notes=self._notes,
            sheet=self._sheet,
        )
        yield from convert(file)
        file.report(1)


def reasons_in_words(left_out: Counter[str]) -> str:
    """How many rows are left out for each reason, such as '3 fuzzy, 1 without a translation'."""
    return ", ".join(f"{count:,} {why}" for why, count in sorted(left_out.items()))


def json_line(row: dict[str, Any]) -> str:
    r"""A row as a line of JSON, with \n.

    Args:
        row: values that JSON has; a float that is not finite becomes null.
    """
    try:
        return json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n"
    except ValueError:
        return json.dumps(_finite(row), ensure_ascii=False) + "\n"


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
