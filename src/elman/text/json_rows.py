"""Rows that are JSON objects: their columns, also within nested objects, by names such as a.b."""

from __future__ import annotations

import json
from typing import Any

_MAX_DEPTH = 8
MISSING = object()
"""What `value_at` returns where an object has no such column."""


def json_object(line: str) -> dict[str, Any] | None:
    """The JSON object in a line; None where the line holds something else."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return row if isinstance(row, dict) else None


def is_json_object(line: str) -> bool:
    """Whether a line is a JSON object, or begins like one with a name."""
    return line.startswith("{") and (line.startswith('{"') or json_object(line) is not None)


def column_names(row: dict[str, Any], prefix: str = "", depth: int = 1) -> list[str]:
    """The names of all values but objects, in order; those in objects as a.b."""
    names = []
    for key, value in row.items():
        if isinstance(value, dict) and value and depth < _MAX_DEPTH:
            names += column_names(value, f"{prefix}{key}.", depth + 1)
        else:
            names.append(prefix + key)
    return names


def value_at(row: dict[str, Any], column: str) -> Any:
    """The value of a column, or `MISSING`.

    Args:
        row: an object.
        column: a key of it, or keys of nested objects with points between them.
    """
    if column in row:
        return row[column]
    key, _, rest = column.partition(".")
    while rest:
        if isinstance(row.get(key), dict):
            found = value_at(row[key], rest)
            if found is not MISSING:
                return found
        more, _, rest = rest.partition(".")
        key = f"{key}.{more}"
    return MISSING
