"""Translation memories (TMX) as rows with a column for each language.

Translation Memory eXchange 1.4b: https://www.gala-global.org/tmx-14b
"""

from __future__ import annotations

from itertools import chain, islice
from typing import TYPE_CHECKING

from elman.errors import EmptyTextError, InputError
from elman.text.formats.row_file import json_line
from elman.text.formats.xml_safety import feed, safe_parser

if TYPE_CHECKING:
    from collections.abc import Iterator

    from elman.text.formats.row_file import RowFile


_SAMPLE = 200  # units that show which languages there are
_PART = 1 << 16  # bytes parsed at once
_MAX_SEGMENT = 1_000_000  # characters; a reader refuses far shorter ones
_CODE = frozenset({"bpt", "ept", "ph", "it", "ut", "sub"})  # elements that hold markup, not text
_NAMES = {"id": "indonesian"}  # a column `id` would count rows
_HINT = "Check the program or download that made it"

Unit = dict[str, str]
"""The segment of each language."""


def lines(file: RowFile) -> Iterator[str]:
    """The units, each an object in a line with the languages as names, that of the sources first.

    Where there are two languages, a unit with one of them is left out.

    Raises:
        MissingFileError: the file cannot be read.
        EmptyTextError: it has no units.
        InputError: it is no XML, is damaged, or declares entities.
    """
    reader = _TmxReader()
    units = _units(reader, file)
    sample = list(islice(units, _SAMPLE))
    languages = list(dict.fromkeys(chain.from_iterable(sample)))
    if not languages:
        raise EmptyTextError("holds no units", location=file.name, hint=_HINT)
    first = [each for each in languages if each == reader.source]
    languages = [*first, *(each for each in languages if each != reader.source)]
    if len(languages) < 2:
        raise InputError(
            f"its units have one language only, {languages[0]}", location=file.name, hint=_HINT
        )
    if len(languages) > 2:
        names = ", ".join(languages)
        file.notes.append(
            f"its languages are {names}: choose two with --source-column and --target-column"
        )
    incomplete = 0
    for unit in chain(sample, units):
        if len(languages) == 2 and not all(unit.get(each) for each in languages):
            incomplete += 1
            yield "\n"
        else:
            yield json_line({each: unit.get(each) for each in languages})
    if incomplete:
        file.notes.append(f"units left out: {incomplete:,} without both languages")


def _units(reader: _TmxReader, file: RowFile) -> Iterator[Unit]:
    for block in file.blocks():
        for start in range(0, len(block), _PART):
            feed(reader.parser, block[start : start + _PART], file.name)
            yield from reader.take()
    feed(reader.parser, b"", file.name, final=True)
    yield from reader.take()


class _TmxReader:
    """Collects the units that a parser meets.

    Attributes:
        source: the language of the sources, as the header names it; empty where it does not.
    """

    def __init__(self) -> None:
        self.source = ""
        self.parser = safe_parser()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._characters
        self._units: list[Unit] = []
        self._unit: Unit = {}
        self._written: dict[str, str] = {}  # the language as it is written, by its name
        self._language = ""
        self._segment: list[str] | None = None
        self._length = 0
        self._markup = 0  # open elements that hold markup

    def take(self) -> list[Unit]:
        """The units that have ended since the last call."""
        units, self._units = self._units, []
        return units

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "header":
            source = attributes.get("srclang", "")
            self.source = "" if source == "*all*" else _name_of(source)
        elif name == "tu":
            self._unit, self._written = {}, {}
        elif name == "tuv":
            written = attributes.get("xml:lang") or attributes.get("lang") or ""
            language = _name_of(written)
            if self._written.setdefault(language, written) != written:  # zh-CN beside zh-TW
                language = written.lower()
            self._language = language
        elif name == "seg":
            self._segment, self._length, self._markup = [], 0, 0
        elif name in _CODE:
            self._markup += 1

    def _end(self, name: str) -> None:
        if name == "seg" and self._segment is not None:
            segment = " ".join("".join(self._segment).split())
            if self._language:
                self._unit.setdefault(self._language, segment)
            self._segment = None
        elif name == "tu":
            self._units.append(self._unit)
            self._unit = {}
        elif name in _CODE:
            self._markup -= 1

    def _characters(self, text: str) -> None:
        if self._segment is not None and not self._markup and self._length <= _MAX_SEGMENT:
            self._segment.append(text)
            self._length += len(text)


def _name_of(written: str) -> str:
    """A language without its region, such as en for en-US."""
    primary = written.replace("_", "-").partition("-")[0].lower()
    return _NAMES.get(primary, primary)
