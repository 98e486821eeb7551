"""Recognise text files in formats that are not read, and say how to bring them into one that is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from elman.text.formats.row_file import row_format_of
from elman.text.json_array import begins_array
from elman.text.tables import DELIMITERS, TABLE_SUFFIXES, suffix_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


_MIN_VECTOR = 10  # numbers behind each word
_SAMPLE = 20  # lines
_AS_TEXT = "or read it as text: --task language"
_MSGID = re.compile(r'msgid(_plural)? "')
_DIC_LINE = re.compile(r"[^\s/]+(/\S+)?(\s+\w\w:\S+)*")
_NUMBER = re.compile(r"-?\d+\.?\d*(e-?\d+)?")


class Foreign(NamedTuple):
    """A format that is not read.

    Attributes:
        what: the format in words.
        hint: how to convert it.
    """

    what: str
    hint: str


def foreign_format(lines: Sequence[str], name: str) -> Foreign | None:
    """The format of a file, by its first lines; None where they may be read as they are."""
    filled = [line.strip() for line in lines if line.strip()]
    if not filled or row_format_of(name) is not None:
        return None
    return next((found for matches, found in _FORMATS if matches(filled, name)), None)


def unread_table(lines: Sequence[str], name: str) -> Foreign | None:
    """What is read as running text only on request: tables by their name, JSON, XML."""
    first = next((line.strip() for line in lines if line.strip()), "")
    converted = row_format_of(name)
    if converted is not None:
        return Foreign(
            f"{converted.words} without a known column of texts, labels, words or numbers",
            "Name the columns: --text-column NAME --label-column NAME; as running text: "
            "--task language --text-column NAME",
        )
    if suffix_of(name) in TABLE_SUFFIXES:
        return Foreign(
            f"a table without known columns of texts, labels or numbers: {first[:60]!r}",
            f"Name the columns, or their numbers: --text-column 1 --label-column 2, {_AS_TEXT} "
            "[--text-column NAME]",
        )
    is_alone = sum(map(bool, map(str.strip, lines))) == 1
    if first == "{" or (first.startswith("{") and is_alone):
        return Foreign(
            "one JSON object, not rows",
            "Write an object a line; in pandas: df.to_json(FILE, orient='records', lines=True), "
            f"{_AS_TEXT}",
        )
    if begins_array(first) or first.startswith('{"'):
        return Foreign(
            "JSON without a known text and label or source and target in each object",
            f"Name them: --text-column NAME --label-column NAME, {_AS_TEXT}",
        )
    return None


def _is_tmx(lines: Sequence[str], name: str) -> bool:  # noqa: ARG001
    return any("<tmx" in line for line in lines[:_SAMPLE])


def _is_xml(lines: Sequence[str], name: str) -> bool:  # noqa: ARG001
    first = lines[0].lstrip("\ufeff").lower()
    return first.startswith(("<?xml", "<!doctype", "<html"))


def _is_gettext(lines: Sequence[str], name: str) -> bool:
    starts = sum(_MSGID.match(line) is not None for line in lines)
    ends = sum(line.startswith("msgstr") for line in lines)
    return starts > 0 and (ends >= starts or suffix_of(name) in ("po", "pot"))


def _is_arpa(lines: Sequence[str], name: str) -> bool:  # noqa: ARG001
    return "\\data\\" in lines[:_SAMPLE] and any(line.startswith("ngram 1=") for line in lines)


def _is_vectors(lines: Sequence[str], name: str) -> bool:  # noqa: ARG001
    rows = [line.split() for line in lines[:_SAMPLE]]
    if len(rows[0]) == 2 and all(each.isdigit() for each in rows[0]):
        rows = rows[1:]
    widths = {len(row) for row in rows}
    return (
        len(rows) > 1
        and len(widths) == 1
        and min(widths) > _MIN_VECTOR
        and not any(each in number for row in rows for number in row[1:] for each in DELIMITERS)
        and all(all(map(_NUMBER.fullmatch, row[1:])) for row in rows)
        and not all(_NUMBER.fullmatch(row[0]) for row in rows)
    )


def _is_affixes(lines: Sequence[str], name: str) -> bool:
    rules = sum(line.startswith(("SFX ", "PFX ")) for line in lines)
    return rules > 0 and (
        suffix_of(name) == "aff" or any(line.startswith("SET ") for line in lines)
    )


def _is_hunspell(lines: Sequence[str], name: str) -> bool:
    if not lines[0].isdigit() or len(lines) < 3:
        return False
    flagged = sum("/" in line for line in lines[1:])
    words = all(map(_DIC_LINE.fullmatch, lines[1:]))
    return words and (suffix_of(name) == "dic" or flagged > 0.1 * len(lines))


_FORMATS: tuple[tuple[Callable[[Sequence[str], str], bool], Foreign], ...] = (
    (
        _is_tmx,
        Foreign("a translation memory (TMX)", f"End its name in .tmx, {_AS_TEXT}"),
    ),
    (_is_xml, Foreign("XML or HTML", f"Extract its text first, {_AS_TEXT}")),
    (
        _is_gettext,
        Foreign(
            "a catalogue of gettext (PO)",
            f"End its name in .po, {_AS_TEXT}",
        ),
    ),
    (
        _is_arpa,
        Foreign("n-gram probabilities (ARPA), not text", "Name the text that they were counted in"),
    ),
    (
        _is_vectors,
        Foreign("vectors of words, such as GloVe's, not text", f"Name a text, {_AS_TEXT}"),
    ),
    (_is_affixes, Foreign("affix rules of Hunspell, not text", f"Name a text, {_AS_TEXT}")),
    (_is_hunspell, Foreign("a word list of Hunspell, not text", f"Name a text, {_AS_TEXT}")),
)
