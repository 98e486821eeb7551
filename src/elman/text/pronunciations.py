"""Pronouncing dictionaries: a word and its phones in each line, as CMUdict has them.

`HELLO  HH AH0 L OW1`, with `HELLO(2)` for an alternate, comments after `;;;` or ` #`, and a header
of lines that begin with `##`. Source: the CMU Pronouncing Dictionary, version 0.7b.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


SAMPLE = 200  # lines that show what a file is
_MIN_ENTRIES = 10
_MIN_AGREEMENT = 0.95  # the fraction of entries of the format
_PHONES = (
    "aa ae ah ao aw ax axr ay b ch d dh dx eh el em en er ey f g hh h ih ix iy jh k l m n ng nx ow "
    "oy p q r s sh t th uh uw ux v w wh y z zh sil spn"
)
_ARPABET = frozenset(_PHONES.split())
_ENTRY = re.compile(r"(\S+)(\s+)(\S.*)")
_MARK = re.compile(r"(.+)\(\d+\)")
_COMMENT = re.compile(r"\s#.*")
_LONGEST_PHONE = 4  # characters, of alphabets other than ARPAbet
_MAX_PHONES = 150  # different ones
_MIN_RECURRENCE = 4  # of a phone, in the mean


class Entry(NamedTuple):
    """A word, as it is spelled, and its phones."""

    word: str
    phones: tuple[str, ...]


def entry_of(line: str) -> Entry | None:
    """The entry in a line, without the mark of an alternate; None where there is none."""
    match = _ENTRY.fullmatch(line.strip())
    if match is None:
        return None
    mark = _MARK.fullmatch(match[1])
    return Entry(mark[1] if mark else match[1], tuple(match[3].split()))


def without_comments(lines: Iterable[str]) -> Iterator[str]:
    """The lines, blank where they are comments."""
    for line in lines:
        yield "\n" if line.startswith((";;;", "##")) else _COMMENT.sub("", line)


def is_dictionary(lines: Sequence[str]) -> bool:
    """Whether these first lines of a file are a pronouncing dictionary.

    The phones are those of ARPAbet; or else they are short and recur, and a tab or two spaces
    separate them from the word.
    """
    filled = [line for line in without_comments(lines) if line.strip()]
    if len(filled) < _MIN_ENTRIES:
        return False
    matches = [match for line in filled if (match := _ENTRY.fullmatch(line.strip()))]
    if len(matches) < _MIN_AGREEMENT * len(filled):
        return False
    entries = [match[3].split() for match in matches]
    most = _MIN_AGREEMENT * len(entries)
    if sum(all(map(_is_arpabet, phones)) for phones in entries) >= most:
        is_first_one = all(map(_is_arpabet, entries[0]))  # rather than a header
        return is_first_one and sum(map(len, entries)) > len(entries)
    counts = Counter(phone for phones in entries for phone in phones)
    separated = sum("\t" in match[2] or len(match[2]) > 1 for match in matches)
    return (
        separated >= most
        and all(counts[phone] > 1 for phone in entries[0])  # no header
        and len(counts) <= _MAX_PHONES
        and counts.total() >= max(_MIN_RECURRENCE * len(counts), 2 * len(entries))
        and all(len(phone) <= _LONGEST_PHONE and not phone.isdigit() for phone in counts)
    )


def _is_arpabet(phone: str) -> bool:
    return phone.rstrip("012").lower() in _ARPABET
