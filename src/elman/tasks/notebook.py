"""A model as a notebook shows it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

_LONGEST = 200  # characters of a value


def as_html(title: str, facts: Mapping[str, Any]) -> str:
    """A title above a table of facts, in HTML.

    Args:
        title: of the table.
        facts: values by name; those of an inner mapping stand below its name.
    """
    rows = "".join(_row(name, value) for name, value in _flat(facts))
    return f"<table><caption>{escape(title)}</caption><tbody>{rows}</tbody></table>"


def _flat(facts: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, Any]]:
    for name, value in facts.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}: ")
        else:
            yield f"{prefix}{name}", value


def _row(name: str, value: Any) -> str:
    text = f"{value:,}" if type(value) is int else str(value)
    shown = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
    return f'<tr><th style="text-align: left">{escape(name)}</th><td>{escape(shown)}</td></tr>'
