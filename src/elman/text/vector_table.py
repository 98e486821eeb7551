"""Vectors and their descriptions as rows of JSON, or of formats that are converted to these.

Shapes: N vectors of D numbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from elman.errors import EmptyTextError, InputError
from elman.text.columns import LABELLED
from elman.text.formats.row_file import row_format_of
from elman.text.json_array import begins_array, object_lines
from elman.text.json_rows import column_names, is_json_object, json_object, value_at
from elman.text.lines import lines_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from numpy.typing import NDArray

    from elman.text.files import TextSource


_TEXT_NAMES = ("description", "caption", "text", *LABELLED.text_names)
_HINT = 'Write a list of numbers and a text in each: {"vector": [0.1, 0.2], "text": "..."}'


class VectorColumns(NamedTuple):
    """The names of the columns of the vectors and of their descriptions; None: there are none."""

    vector: str
    text: str | None


def vectors_in(lines: Iterable[str], name: str) -> str | None:
    """What shows that these lines, the first of a file, are vectors with a text each; None if
    nothing. Texts that have a label besides are to be classified."""
    first = next((line for line in _objects(lines) if line.strip()), "")
    row = json_object(first)
    columns = None if row is None else vector_columns(row)
    if row is None or columns is None or columns.text is None:
        return None
    if any(each.casefold() in LABELLED.label_names for each in column_names(row)):
        return None
    converted = row_format_of(name)
    words = converted.words if converted else "JSON"
    return f"{words}, vectors in column {columns.vector}, texts in {columns.text}"


def vector_columns(row: dict[str, Any]) -> VectorColumns | None:
    """The columns of a vector, the first list of numbers, and of a text; None where there is no
    such list."""
    names = column_names(row)
    vector = next((name for name in names if _is_vector(value_at(row, name))), None)
    if vector is None:
        return None
    texts = [name for name in names if isinstance(value_at(row, name), str)]
    known = [each for name in _TEXT_NAMES for each in texts if each.casefold() == name]
    return VectorColumns(vector, next(iter(known or texts), None))


def read_vector_table(
    source: TextSource, read: Callable[[int], None] | None = None
) -> tuple[NDArray[np.float32], list[tuple[str, str | None]]]:
    """The vectors (N, D) of a source, and the location and the text of each row.

    Args:
        source: JSON lines or arrays, or files that are converted to these.
        read: called with the number of bytes of each block as it is read.

    Raises:
        EmptyTextError: there are no rows.
        InputError: a row has no vector, or one of another length; a file cannot be read.
    """
    vectors: list[NDArray[np.float32]] = []
    texts: list[tuple[str, str | None]] = []
    for document in source.documents(read):
        columns: VectorColumns | None = None
        for number, line in enumerate(_objects(lines_of(document.chunks())), start=1):
            if not line.strip():
                continue
            location = f"{document.name}:{number}"
            row = json_object(line)
            columns = columns or (None if row is None else vector_columns(row))
            if row is None or columns is None:
                raise InputError("no list of numbers", location=location, hint=_HINT)
            vectors.append(_vector(value_at(row, columns.vector), columns.vector, location))
            if len(vectors[-1]) != len(vectors[0]):
                raise InputError(
                    f"{columns.vector} has {len(vectors[-1])} numbers, but {len(vectors[0])} in "
                    "the first row",
                    location=location,
                    hint="Give all rows the same length",
                )
            text = None if columns.text is None else value_at(row, columns.text)
            texts.append((location, text if isinstance(text, str) else None))
    if not vectors:
        raise EmptyTextError("holds no vectors", location=source.name, hint=_HINT)
    return np.stack(vectors), texts


def _objects(lines: Iterable[str]) -> Iterator[str]:
    """The lines; of an array of objects, an object in each."""
    start: list[str] = []
    lines = iter(lines)
    for line in lines:
        start.append(line)
        if line.strip():
            break

    def again() -> Iterator[str]:
        yield from start
        yield from lines

    return object_lines(again()) if start and begins_array(start[-1]) else again()


def is_vector_table(source: TextSource) -> bool:
    """Whether the first file begins as rows of JSON; reads its first lines."""
    document = next(iter(source.documents()), None)
    if document is None:
        return False
    lines = (line for line in lines_of(document.chunks()) if line.strip())
    first = next(lines, "").lstrip("\ufeff")
    return is_json_object(first) or begins_array(first)


def _is_vector(value: Any) -> bool:
    return isinstance(value, list) and len(value) > 1 and all(map(_is_number, value))


def _is_number(value: Any) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def _vector(value: Any, column: str, location: str) -> NDArray[np.float32]:
    """A list of numbers; None, a number that JSON cannot write, becomes NaN."""
    if not isinstance(value, list) or not all(map(_is_number, value)):
        raise InputError(f"{column} is not a list of numbers", location=location, hint=_HINT)
    try:
        with np.errstate(over="ignore"):
            return np.array(value, dtype=np.float64).astype(np.float32)
    except OverflowError as error:
        raise InputError("a number is too large", location=location, hint=_HINT) from error
