"""What stands around running text: dates of chats, times of subtitles, licences of e-books."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from elman.text.byte_decoding import cut_in_chunks
from elman.text.files import CHUNK, Document, TextSource
from elman.text.lines import lines_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence


_SAMPLE = 400  # lines that show what a text is
_MIN_LINES = 4
_MOST_OF_CHAT = 0.5  # messages of several lines have one date
_MARKS = re.compile("[\u200e\u200f\u202a-\u202e\ufeff]")
_SPACES = str.maketrans({"\u202f": " ", "\u00a0": " "})
_DATE = r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}"
_TIME = r"\d{1,2}[:.]\d{2}(?:[:.]\d{2})?(?: ?[AaPp]\.? ?[Mm]\.?)?"
_MESSAGE = re.compile(rf"(?:\[{_DATE},? {_TIME}\] ?|{_DATE},? {_TIME} - )(?P<rest>.*)")
_SENDER = re.compile(r"[^:]{1,60}: ?(?P<text>.*)")
_MEDIA = re.compile(r"<[^<>]* omitted>|<attached: [^<>]*>|\w+ omitted|.*\(file attached\)")
_CUE = re.compile(r"\s*(?:\d+:)?\d{1,2}:\d{2}[.,]\d{3} --> (?:\d+:)?\d{1,2}:\d{2}[.,]\d{3}.*")
_MARKUP = re.compile(r"</?[^<>\n]+>|\{\\[^{}]*\}")
_BOOK = re.compile(r"\s*\*\*\* ?(?P<which>START|END) OF (?:THE|THIS) PROJECT GUTENBERG.*")


class Boilerplate(NamedTuple):
    """A kind of what stands around text.

    Attributes:
        what: the kind of text in words, such as 'subtitles'.
        strips: what is left out of it in words.
        strip: its lines -> the lines of the text.
    """

    what: str
    strips: str
    strip: Callable[[Iterable[str]], Iterator[str]]

    @property
    def in_words(self) -> str:
        """What the text looks like, and what to do."""
        return f"looks like {self.what}; --strip leaves out {self.strips}"


def boilerplate_in(lines: Sequence[str]) -> Boilerplate | None:
    """What stands around the text of these lines, the first of a file; None if nothing."""
    filled = [line for line in lines[:_SAMPLE] if line.strip()]
    if any(_BOOK.match(line) for line in filled):
        return _GUTENBERG
    if sum(_CUE.fullmatch(line) is not None for line in filled) >= max(2, len(filled) / 8):
        return _SUBTITLES
    messages = sum(_MESSAGE.fullmatch(_plain(line)) is not None for line in filled)
    if len(filled) >= _MIN_LINES and messages >= _MOST_OF_CHAT * len(filled):
        return _CHAT
    return None


class StrippedTexts(TextSource):
    """Texts without what stands around them: dates, times and licences.

    Args:
        source: the texts.
    """

    def __init__(self, source: TextSource) -> None:
        self.__dict__.update(source.__dict__)

    def documents(self, read: Callable[[int], None] | None = None) -> Iterator[Document]:
        """The documents, each stripped of what its first lines show; others as they are."""
        for document in super().documents(read):
            notes = self._notes.setdefault(document.name, [])
            yield Document(document.name, partial(_stripped, document, notes))


def _stripped(document: Document, notes: list[str]) -> Iterator[str]:
    chunks = document.chunks()
    first = next(chunks, "")
    found = boilerplate_in(first.split("\n", _SAMPLE)[:_SAMPLE])

    def again() -> Iterator[str]:
        yield first
        yield from chunks

    if found is None:
        notes[:] = ["nothing is stripped: it is no chat, no subtitles, no e-book of Gutenberg"]
        return again()
    notes[:] = [f"it is {found.what}; {found.strips} are left out"]
    lines = found.strip(lines_of(again()))
    return cut_in_chunks((f"{line}\n" for line in lines), CHUNK)


def _plain(line: str) -> str:
    return _MARKS.sub("", line).translate(_SPACES).rstrip()


def _messages(lines: Iterable[str]) -> Iterator[str]:
    """The senders with their messages; what the program itself writes, and media, are left out."""
    is_kept = False
    for line in map(_plain, lines):
        message = _MESSAGE.fullmatch(line)
        if message is None:  # a message goes on
            if is_kept:
                yield line
            continue
        sent = _SENDER.fullmatch(message["rest"])
        is_kept = sent is not None and not _MEDIA.fullmatch(sent["text"].strip())
        if is_kept:
            yield message["rest"]


def _cues(lines: Iterable[str]) -> Iterator[str]:
    """The text of subtitles (SubRip, WebVTT): the lines after a time, up to a blank line."""
    in_cue = False
    for line in lines:
        if _CUE.fullmatch(line.rstrip("\r")):
            in_cue = True
        elif not line.strip():
            in_cue = False
        elif in_cue:
            text = _MARKUP.sub("", line).strip()
            if text:
                yield text


def _books(lines: Iterable[str]) -> Iterator[str]:
    """The lines between the marks of a beginning and an end."""
    in_book = False
    for line in lines:
        mark = _BOOK.fullmatch(line.rstrip("\r"))
        if mark is not None:
            in_book = mark["which"] == "START"
        elif in_book:
            yield line


_GUTENBERG = Boilerplate("an e-book of Project Gutenberg", "title page and licence", _books)
_SUBTITLES = Boilerplate("subtitles", "numbers, times and markup", _cues)
_CHAT = Boilerplate("the export of a chat", "dates and omitted media", _messages)
