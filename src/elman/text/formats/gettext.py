"""Catalogues of gettext (.po) as rows of a source and a target.

https://www.gnu.org/software/gettext/manual/html_node/PO-Files.html
"""

from __future__ import annotations

import codecs
import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from elman.errors import EncodingError
from elman.text.byte_decoding import NewlineDecoder
from elman.text.formats.row_file import json_line, reasons_in_words
from elman.text.lines import lines_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from elman.text.formats.row_file import RowFile


_CHARSET = re.compile(rb"charset=([A-Za-z0-9_.:-]+)")
_FIELD = re.compile(r'(msgctxt|msgid_plural|msgid|msgstr)(?:\[(\d+)\])?\s*"(.*)"\s*')
_MORE = re.compile(r'"(.*)"\s*')
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r"}
_MAX_TEXT = 1_000_000  # characters; a reader refuses far shorter ones


class _Message(NamedTuple):
    line: int  # of its msgid
    source: str
    target: str
    is_fuzzy: bool


def lines(file: RowFile) -> Iterator[str]:
    """The translated messages, each an object in the line of its msgid; other lines are blank.

    Of plural forms the first is read. Fuzzy messages, and those without a translation, are left
    out and counted.

    Raises:
        MissingFileError: the file cannot be read.
        EncodingError: it is not in the character set that its header names.
    """
    left_out: Counter[str] = Counter()
    written = 0
    for message in _messages(lines_of(_texts(file))):
        if not message.source:  # the header
            continue
        why = "fuzzy" if message.is_fuzzy else "" if message.target else "without a translation"
        if why:
            left_out[why] += 1
            continue
        yield "\n" * (message.line - 1 - written)
        yield json_line({"source": message.source, "target": message.target})
        written = message.line
    if left_out:
        file.notes.append(f"messages left out: {reasons_in_words(left_out)}")


def _texts(file: RowFile) -> Iterator[str]:
    newlines = NewlineDecoder()
    decoder: codecs.IncrementalDecoder | None = None
    charset = "utf-8"
    try:
        for block in file.blocks():
            if decoder is None:
                charset = _charset_in(block)
                decoder = codecs.getincrementaldecoder(charset)("strict")
            yield newlines.decode(decoder.decode(block))
        if decoder is not None:
            yield newlines.decode(decoder.decode(b"", final=True), final=True)
    except UnicodeDecodeError as error:
        raise EncodingError(
            f"byte 0x{error.object[error.start]:02x} is not {charset}, which its header names",
            location=file.name,
            hint="Convert it: msgconv --to-code=UTF-8 FILE",
        ) from error


def _charset_in(block: bytes) -> str:
    """The character set that the header names; UTF-8 where it names none."""
    match = _CHARSET.search(block)
    try:
        name = match[1].decode() if match else "utf-8"
        b"a".decode(name)
        return codecs.lookup(name).name
    except (LookupError, ValueError, TypeError):  # such as CHARSET, in templates
        return "utf-8"


def _messages(lines: Iterator[str]) -> Iterator[_Message]:
    message = _PendingMessage()
    for number, line in enumerate(lines, start=1):
        line = line.strip()
        if line.startswith("#"):
            if message.has_target:
                yield message.ended()
                message = _PendingMessage()
            message.is_fuzzy |= line.startswith("#,") and "fuzzy" in line
            continue
        field = _FIELD.fullmatch(line)
        if field is not None:
            if message.has_target and field[1] in ("msgctxt", "msgid"):
                yield message.ended()
                message = _PendingMessage()
            message.begin(field[1], field[2], number)
            message.add(field[3])
        elif (more := _MORE.fullmatch(line)) is not None:
            message.add(more[1])
    if message.has_target:
        yield message.ended()


class _PendingMessage:
    """A message whose lines are being read."""

    def __init__(self) -> None:
        self.is_fuzzy = False
        self.has_target = False
        self._line = 1
        self._parts: dict[str, list[str]] = {"msgid": [], "msgstr": []}
        self._open: list[str] | None = None

    def begin(self, name: str, plural: str | None, line: int) -> None:
        """Begin a field; only the first plural form is kept."""
        self._open = self._parts.get(name) if plural in (None, "0") else None
        if name == "msgid":
            self._line = line
        self.has_target |= name == "msgstr"

    def add(self, text: str) -> None:
        """Add a line of the open field, without its quotes."""
        if self._open is not None and sum(map(len, self._open)) <= _MAX_TEXT:
            self._open.append(text)

    def ended(self) -> _Message:
        source, target = (_unescaped("".join(self._parts[each])) for each in ("msgid", "msgstr"))
        return _Message(self._line, source, target, self.is_fuzzy)


def _unescaped(text: str) -> str:
    """A text on one line, without escapes."""
    return " ".join(_ESCAPE.sub(lambda match: _ESCAPED.get(match[1], match[1]), text).split())
