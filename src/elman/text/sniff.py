"""What plain text may be instead: the shapes of tables and markup, told by the first lines."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


_FEWEST_LINES = 3
_MOST = 0.9
"""The share of lines that have to agree."""


def table_in(lines: Sequence[str]) -> str | None:
    """What these lines seem to be, in a sentence, if not running text."""
    filled = [line for line in lines if line.strip()]
    if len(filled) < _FEWEST_LINES:
        return None
    return next((said for is_one, said in _SHAPES if is_one(filled)), None)


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
    # Prose has commas too, but its lines do not agree on how many, nor begin with bare names.
    return _agree_on(lines, ",") and " " not in lines[0].strip()


def _most(lines: Sequence[str], holds: Callable[[str], bool]) -> bool:
    return sum(map(holds, lines)) >= _MOST * len(lines)


def _agree_on(lines: Sequence[str], separator: str) -> bool:
    counts = Counter(line.count(separator) for line in lines)
    commonest, lines_with_it = counts.most_common(1)[0]
    return commonest > 0 and lines_with_it >= _MOST * len(lines)


_SHAPES = (
    (_is_json_lines, "looks like JSON lines; as text, its braces and names are learned too"),
    (_is_fasttext, "looks like fastText lines (__label__); as text, the labels are learned too"),
    (_is_tab_separated, "looks like tab-separated columns; as text, the columns are learned too"),
    (_is_comma_separated, "looks like comma-separated columns; as text, these are learned too"),
)
