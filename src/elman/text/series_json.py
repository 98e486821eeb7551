"""Tables of numbers and dates written as JSON objects, one a row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from elman.errors import InputError
from elman.text.json_array import begins_array, object_lines
from elman.text.json_rows import MISSING, column_names, is_json_object, json_object, value_at

if TYPE_CHECKING:
    from collections.abc import Sequence


def json_table(
    lines: Sequence[str], name: str
) -> tuple[list[str], list[list[str]], list[int]] | None:
    """The names of the columns, the cells of each row, and the line of each row.

    Args:
        lines: of a file.
        name: of the file.

    Returns:
        None where the file does not begin as JSON objects.

    Raises:
        InputError: a row is not an object, or holds a list.
    """
    first = next((line for line in lines if line.strip()), "").lstrip("\ufeff")
    if begins_array(first):
        lines = list(object_lines(lines))
    elif not is_json_object(first):
        return None
    names: list[str] = []
    rows: list[list[str]] = []
    line_numbers: list[int] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        row = json_object(line)
        if row is None:
            raise InputError(
                "not a whole object of JSON", location=f"{name}:{number}", hint="Fix it"
            )
        names = names or column_names(row)
        rows.append([_cell(value_at(row, each), each, f"{name}:{number}") for each in names])
        line_numbers.append(number)
    return names, rows, line_numbers


def _cell(value: Any, column: str, location: str) -> str:
    """A value as a cell of a table has it."""
    if value is None or value is MISSING:
        return ""
    if isinstance(value, float):
        text = repr(value)
        # 1.105 could be a thousand with a separator; 1.1050 could not.
        return f"{text}0" if len(text.rpartition(".")[2]) == 3 else text
    if isinstance(value, str | int):
        return str(value).strip()
    raise InputError(
        f"{column} is a list, not a number",
        location=location,
        hint="Write a number a cell, or name a file of another task: --task",
    )
