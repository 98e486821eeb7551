"""Fixed vectors in NumPy's files, beside a text file with a description of each.

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

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    from elman.text.files import TextSource


_IN_MEMORY = "the vectors given"
_SKIP = "or leave such rows out: --skip-bad-rows"
_AT_ONCE = 1 << 22  # numbers looked at together

Line = tuple[str, str]
"""The place of a line, and what it holds."""


class VectorSource:
    """Vectors and their descriptions, which can be read again and again.

    Args:
        vectors: a .npy file, or a .npz file with one array or one that is called 'vectors'.
        descriptions: one a line; None: there are none.
        skip_bad_rows: leave out empty descriptions with their vectors, vectors that hold NaN or
            infinity with their descriptions, and count them.
        width: D, as a model knows it; None: any.

    Attributes:
        name: of the vectors' file.
        skipped: rows that the last reading left out.
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
        self._skip_bad_rows = skip_bad_rows
        self._width = width

    @classmethod
    def of_files(
        cls, source: TextSource, *, skip_bad_rows: bool = False, width: int | None = None
    ) -> Self:
        """The same, of files that were named together: the vectors, then the descriptions.

        Raises:
            InputError: the first is no .npy or .npz file, or there are more than two.
        """
        files = source.parted()
        if len(files) not in (1, 2) or suffix_of(files[0].name) not in ARRAY_SUFFIXES:
            raise InputError(
                "expected vectors and a text file with a line for each",
                location=source.name,
                hint="Name a .npy or .npz file, then the text file",
            )
        descriptions = files[1] if len(files) == 2 else None
        return cls(Path(files[0].name), descriptions, skip_bad_rows=skip_bad_rows, width=width)

    def vectors(self) -> NDArray[np.float32]:
        """(N, D), all of them: where an answer is wanted for each, none can be left out.

        Raises:
            MissingFileError, EmptyTextError, InputError: they cannot be read, have another width,
                or one holds NaN or infinity.
        """
        return checked_vectors(self._read(), self.name)

    def rows(
        self, read: Callable[[int], None] | None = None
    ) -> tuple[NDArray[np.float32], list[str]]:
        """(N, D) and N descriptions; `read` hears of the descriptions' bytes as they are consumed.

        Raises:
            MissingFileError, EmptyTextError, InputError: they cannot be read, have another width,
                are not as many as one another, or a row is bad, unless these are left out.
        """
        if self._descriptions is None:
            raise InputError(
                "vectors without descriptions",
                location=self.name,
                hint="Name a text file with a line for each after it",
            )
        vectors = self._read()
        lines = self._lines(self._descriptions, len(vectors), read)
        good = _finite_rows(vectors)
        descriptions = []
        for row, (place, line) in enumerate(lines):
            try:
                description = checked_side(line, "description")
            except BadRowError as bad:
                if not self._skip_bad_rows:
                    raise InputError(
                        bad.cause, location=place, hint=f"{bad.remedy}, {_SKIP}"
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
                f"every one of its {self.skipped:,} rows is bad",
                location=self.name,
                hint="Without --skip-bad-rows the first is named",
            )
        return vectors, descriptions

    def _read(self) -> NDArray[np.float32]:
        vectors = read_array(self._path)
        if self._width is not None:
            check_width(vectors, self._width, self.name)
        return vectors

    def _lines(
        self, source: TextSource, count: int, read: Callable[[int], None] | None
    ) -> list[Line]:
        """A line for each vector; blank ones after the last are none."""
        lines = [
            (f"{document.name}:{number}", line)
            for document in source.documents(read)
            for number, line in enumerate(lines_of(document.chunks()), start=1)
        ]
        while len(lines) > count and not lines[-1][1].strip():
            lines.pop()
        if len(lines) != count:
            raise InputError(
                f"{count:,} rows, but {len(lines):,} descriptions in {source.name}",
                location=self.name,
                hint="Write one description a line, in the order of the rows",
            )
        return lines


def checked_vectors(values: ArrayLike, location: str = _IN_MEMORY) -> NDArray[np.float32]:
    """Vectors as (N, D) finite float32.

    Raises:
        EmptyTextError: there are none.
        InputError: they have another shape, are no real numbers, or one is NaN or infinite.
    """
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise InputError(
            "rows of different lengths", location=location, hint="Give each as many numbers"
        ) from error
    check_shape(array.shape, array.dtype, location)
    with np.errstate(over="ignore"):  # what is too large for it is named as infinite
        vectors = array.astype(np.float32, copy=False)
    if not _finite_rows(vectors).all():
        raise _not_finite(vectors, location)
    return vectors


def check_width(vectors: NDArray[np.float32], width: int, location: str = _IN_MEMORY) -> None:
    """Whether vectors are as wide as those that a model has learned from.

    Raises:
        InputError: they are not.
    """
    if vectors.shape[1] != width:
        raise InputError(
            f"they are {vectors.shape[1]} wide, and those learned from {width}",
            location=location,
            hint="Give vectors of the same kind.",
        )


def _finite_rows(vectors: NDArray[np.float32]) -> NDArray[np.bool_]:
    """(N,) whether all numbers of a row are finite."""
    count = max(1, _AT_ONCE // vectors.shape[1])
    parts = (vectors[start : start + count] for start in range(0, len(vectors), count))
    return np.concatenate([np.isfinite(part).all(axis=1) for part in parts])


def _not_finite(vectors: NDArray[np.float32], location: str, or_else: str = "") -> InputError:
    row = int(np.argmin(_finite_rows(vectors)))
    column = int(np.argmin(np.isfinite(vectors[row])))
    value = "NaN" if np.isnan(vectors[row, column]) else "infinite, or too large for float32"
    hint = "Put a number there"
    return InputError(
        f"row {row + 1}, column {column + 1} (from 1) is {value}",
        location=location,
        hint=f"{hint}, {or_else}" if or_else else hint,
    )
