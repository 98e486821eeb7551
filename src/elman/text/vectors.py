"""Fixed vectors in NumPy files, and a text file with a description of each.

Shapes: N vectors of D numbers.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np

from elman.errors import InputError
from elman.text.array_file import ARRAY_SUFFIXES, check_shape, read_array
from elman.text.lines import lines_of
from elman.text.rows import BadRowError, checked_side
from elman.text.tables import suffix_of
from elman.text.vector_table import is_vector_table, read_vector_table

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    from elman.text.files import TextSource


_IN_MEMORY = "the vectors given"
_SKIP = "or skip such rows: --skip-bad-rows"
_BLOCK = 1 << 22  # numbers checked at once

Line = tuple[str, str | None]
"""The location of a line and its text; None where a row of a table has none."""


class VectorSource:
    """Vectors and their descriptions, which can be read any number of times.

    Args:
        vectors: a .npy file, or a .npz file with one array or with one named 'vectors'.
        descriptions: one per line; None: there are none.
        skip_bad_rows: whether to skip and count rows with an empty description, or with NaN or
            infinity in the vector; if not, they are an error.
        width: the expected D; None: any.

    Attributes:
        name: of the file of the vectors.
        skipped: the number of rows that the last call of `rows` skipped.
    """

    def __init__(
        self,
        vectors: Path,
        descriptions: TextSource | None,
        *,
        skip_bad_rows: bool = False,
        width: int | None = None,
    ) -> None:
        self.name = str(vectors)
        self.skipped = 0
        self._path = vectors
        self._descriptions = descriptions
        self._is_table = False
        self._skip_bad_rows = skip_bad_rows
        self._width = width

    @classmethod
    def of_files(
        cls, source: TextSource, *, skip_bad_rows: bool = False, width: int | None = None
    ) -> Self:
        """The source of two files named together: the vectors, then the descriptions; or of
        tables with a column of each.

        Args:
            source: one or two files, or tables.
            skip_bad_rows, width: see the class.

        Raises:
            InputError: the first is neither a table nor a .npy or .npz file, or more than one file
                follows that.
        """
        files = source.split_by_file()
        is_array = suffix_of(files[0].name) in ARRAY_SUFFIXES if files else False
        if files and not is_array and is_vector_table(files[0]):
            table = cls(Path(source.name), source, skip_bad_rows=skip_bad_rows, width=width)
            table._is_table = True
            return table
        if len(files) not in (1, 2) or not is_array:
            raise InputError(
                "expected vectors and a text file with one line per vector",
                location=source.name,
                hint="Name a .npy or .npz file, then the text file; or a table with lists of "
                "numbers, such as Parquet or JSON lines",
            )
        descriptions = files[1] if len(files) == 2 else None
        return cls(Path(files[0].name), descriptions, skip_bad_rows=skip_bad_rows, width=width)

    def vectors(self) -> NDArray[np.float32]:
        """All vectors (N, D), for predictions; bad rows are never skipped.

        Raises:
            MissingFileError, EmptyTextError, InputError: they cannot be read, have another width,
                or hold NaN or infinity.
        """
        return checked_vectors(self._read()[0], self.name)

    def rows(
        self, read: Callable[[int], None] | None = None
    ) -> tuple[NDArray[np.float32], list[str]]:
        """The vectors (N, D) and their N descriptions.

        Args:
            read: called with the number of bytes of each block of descriptions as it is read.

        Raises:
            MissingFileError, EmptyTextError, InputError: they cannot be read, the vectors have
                another width, the numbers of vectors and descriptions differ, or a row is bad and
                is not to be skipped.
        """
        if self._descriptions is None:
            raise InputError(
                "vectors without descriptions",
                location=self.name,
                hint="Name a text file with one line per vector after it",
            )
        vectors, in_table = self._read(read)
        lines = in_table or self._lines(self._descriptions, len(vectors), read)
        good = _finite_rows(vectors)
        descriptions = []
        for row, (location, line) in enumerate(lines):
            try:
                description = checked_side(line, "description")
            except BadRowError as bad:
                if not self._skip_bad_rows:
                    raise InputError(
                        bad.cause, location=location, hint=f"{bad.remedy}, {_SKIP}"
                    ) from bad
                good[row] = False
            if good[row]:
                descriptions.append(description)
        self.skipped = int((~good).sum())
        if self.skipped:
            if not self._skip_bad_rows:
                raise _not_finite(vectors, self.name, _SKIP)
            vectors = vectors[good]
        if not descriptions:
            raise InputError(
                f"all {self.skipped:,} rows are bad",
                location=self.name,
                hint="Leave out --skip-bad-rows to see the first error",
            )
        return vectors, descriptions

    def _read(
        self, read: Callable[[int], None] | None = None
    ) -> tuple[NDArray[np.float32], list[Line]]:
        """The vectors, and the descriptions beside them in a table."""
        lines: list[Line] = []
        if self._is_table:
            assert self._descriptions is not None
            vectors, lines = read_vector_table(self._descriptions, read)
        else:
            vectors = read_array(self._path)
        if self._width is not None:
            check_width(vectors, self._width, self.name)
        return vectors, lines

    def _lines(
        self, source: TextSource, count: int, read: Callable[[int], None] | None
    ) -> list[Line]:
        """One line per vector; blank lines at the end are ignored."""
        lines: list[Line] = [
            (f"{document.name}:{number}", line)
            for document in source.documents(read)
            for number, line in enumerate(lines_of(document.chunks()), start=1)
        ]
        while len(lines) > count and not (lines[-1][1] or "").strip():
            lines.pop()
        if len(lines) != count:
            raise InputError(
                f"{count:,} rows, but {len(lines):,} descriptions in {source.name}",
                location=self.name,
                hint="Write one description per line, in the order of the rows",
            )
        return lines


def checked_vectors(values: ArrayLike, location: str = _IN_MEMORY) -> NDArray[np.float32]:
    """Vectors as (N, D) finite float32.

    Args:
        values: (N, D) real numbers.
        location: for messages.

    Raises:
        EmptyTextError: there are no vectors.
        InputError: another shape or type, or a value is NaN or infinite.
    """
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise InputError(
            "rows of different lengths", location=location, hint="Give all rows the same length"
        ) from error
    check_shape(array.shape, array.dtype, location)
    with np.errstate(over="ignore"):  # an overflow becomes infinity, which is reported below
        vectors = array.astype(np.float32, copy=False)
    if not _finite_rows(vectors).all():
        raise _not_finite(vectors, location)
    return vectors


def check_width(vectors: NDArray[np.float32], width: int, location: str = _IN_MEMORY) -> None:
    """Check that vectors have as many dimensions as those that a model was trained on.

    Args:
        vectors: (N, D).
        width: the expected D.
        location: for messages.

    Raises:
        InputError: D differs.
    """
    if vectors.shape[1] != width:
        raise InputError(
            f"the vectors have {vectors.shape[1]} dimensions; the model was trained on {width}",
            location=location,
            hint="Give vectors of the same kind",
        )


def _finite_rows(vectors: NDArray[np.float32]) -> NDArray[np.bool_]:
    """(N,) whether all numbers of a row are finite."""
    count = max(1, _BLOCK // vectors.shape[1])
    parts = (vectors[start : start + count] for start in range(0, len(vectors), count))
    return np.concatenate([np.isfinite(part).all(axis=1) for part in parts])


def _not_finite(vectors: NDArray[np.float32], location: str, or_else: str = "") -> InputError:
    row = int(np.argmin(_finite_rows(vectors)))
    column = int(np.argmin(np.isfinite(vectors[row])))
    value = "NaN" if np.isnan(vectors[row, column]) else "infinite, or too large for float32"
    hint = "Replace it with a number"
    return InputError(
        f"row {row + 1}, column {column + 1} (from 1) is {value}",
        location=location,
        hint=f"{hint}, {or_else}" if or_else else hint,
    )
