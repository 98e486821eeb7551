"""Recognise by its first lines that a text file is really a table or markup."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


_MIN_LINES = 3
_MIN_AGREEMENT = 0.9
"""The fraction of lines that must match a format."""


def table_in(lines: Sequence[str]) -> str | None:
    """A warning that these lines are not running text, such as "looks like JSON lines; ..."; None
    where they are."""
    filled = [line for line in lines if line.strip()]
    if len(filled) < _MIN_LINES:
        return None
    return next((warning for matches, warning in _FORMATS if matches(filled)), None)


def _is_json_lines(lines: Sequence[str]) -> bool:
    return _most(lines, _is_json_object)


def _is_json_object(line: str) -> bool:
    if not line.startswith("{"):
        return False
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return line.endswith("}") or len(line) >= 1000


def _is_fasttext(lines: Sequence[str]) -> bool:
    return _most(lines, lambda line: line.startswith("__label__"))


def _is_tab_separated(lines: Sequence[str]) -> bool:
    return _agree_on(lines, "\t")


def _is_comma_separated(lines: Sequence[str]) -> bool:
    # Prose has commas too, but a varying number per line, and its first line has spaces.
    return _agree_on(lines, ",") and " " not in lines[0].strip()


def _most(lines: Sequence[str], holds: Callable[[str], bool]) -> bool:
    return sum(map(holds, lines)) >= _MIN_AGREEMENT * len(lines)


def _agree_on(lines: Sequence[str], separator: str) -> bool:
    counts = Counter(line.count(separator) for line in lines)
    commonest, lines_with_it = counts.most_common(1)[0]
    return commonest > 0 and lines_with_it >= _MIN_AGREEMENT * len(lines)


_FORMATS = (
    (_is_json_lines, "looks like JSON lines; as text, its braces and names are learned too"),
    (_is_fasttext, "looks like fastText lines (__label__); as text, the labels are learned too"),
    (_is_tab_separated, "looks like tab-separated columns; as text, the columns are learned too"),
    (_is_comma_separated, "looks like comma-separated columns; as text, these are learned too"),
)
