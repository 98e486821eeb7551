"""Tagging schemes: how the tags of words encode where entities begin and end.

Ramshaw and Marcus (1995) introduced I, O and B; the names are those of Sang and Veenstra (1999)
and Ratinov and Roth (2009). An entity is a run of words with one label:

    iob1    I-PER I-PER; begins with B- only directly after an entity of the same label
    bio     B-PER I-PER: every entity begins with B- (IOB2)
    bioes   B-PER I-PER E-PER, and S-PER where it is a single word
    bilou   the same with L- for E- and U- for S-
    plain   no entities: parts of speech

A tag is a letter, a hyphen and a label, or O; a letter alone has the empty label. Positions count
from 0, and an end is the position after the last word.

There are two interpretations of tags. The lenient one is that of the CoNLL-2000 evaluation script
(`conlleval`): illegal tags still form entities. Encoding these entities in the scheme gives the
nearest legal tags; a sequence is legal if this changes nothing. The strict interpretation keeps the
entities whose tags do not change.
"""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from elman.ranges import check_choice

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray


OUTSIDE = "O"

SCHEMES = {"plain": "", "iob1": "BI", "bio": "BI", "bioes": "BIES", "bilou": "BILU"}
"""The letters of each scheme: of the beginning, the inside, the end, and a single word."""

_AS_BIOES = {"L": "E", "U": "S"}


class Span(NamedTuple):
    """An entity: the words from `start` up to but excluding `end`."""

    start: int
    end: int
    label: str


class IllegalTag(NamedTuple):
    """A tag that is illegal at its position, and the reason, such as "I-PER cannot follow O"."""

    position: int
    tag: str
    reason: str


class LegalTransitions(NamedTuple):
    """The legal sequences of K tags, as booleans.

    Attributes:
        start: (K,) the tags that may come first.
        pairs: (K, K) whether the tag of the column may follow that of the row.
        end: (K,) the tags that may come last.
    """

    start: NDArray[np.bool_]
    pairs: NDArray[np.bool_]
    end: NDArray[np.bool_]


class _Parts(NamedTuple):
    letter: str
    label: str


_NO_ENTITY = _Parts(OUTSIDE, "")


@lru_cache(maxsize=4096)
def _parts(tag: str) -> _Parts | None:
    """The letter and the label; None where the tag has no such structure."""
    letter, hyphen, label = tag.partition("-")
    if tag == OUTSIDE:
        return _NO_ENTITY
    if len(letter) != 1 or letter not in "BIESLU" or bool(hyphen) != bool(label):
        return None
    return _Parts(letter, label)


def detect_scheme(sequences: Iterable[Sequence[str]]) -> str:
    """The scheme of the tags of some sentences, a key of `SCHEMES`.

    IOB1 and BIO have the same tags; the scheme is IOB1 if most entities that do not follow one of
    the same label begin with I. Tags without labels are plain unless both B and I occur.

    Args:
        sequences: the tags of each sentence.
    """
    letters: set[str] = set()
    labelled = False
    beginnings: Counter[str] = Counter()
    for tags in sequences:
        before = _NO_ENTITY
        for tag in tags:
            now = _parts(tag)
            if now is None:
                return "plain"
            letters.add(now.letter)
            labelled = labelled or bool(now.label)
            if before.letter == OUTSIDE or before.label != now.label:
                beginnings[now.letter] += 1
            before = now
    letters.discard(OUTSIDE)
    if not letters or not (labelled or letters >= {"B", "I"}):
        return "plain"
    for scheme in ("bioes", "bilou"):
        if letters <= set(SCHEMES[scheme]) and letters - {"B", "I"}:
            return scheme
    if letters - {"B", "I"}:
        return "plain"
    return "iob1" if beginnings["I"] > beginnings["B"] else "bio"


def conlleval_spans(tags: Sequence[str]) -> list[Span]:
    """The entities in the interpretation of the CoNLL-2000 evaluation script, for any scheme.

    An entity begins at B or S, and at any other tag after O, after an end (E, S) or after another
    label. It ends before the next entity and before O.
    """
    spans: list[Span] = []
    start = 0
    before = _NO_ENTITY
    for position, tag in enumerate((*tags, OUTSIDE)):
        now = _lenient(tag)
        begins = now.letter != OUTSIDE and (
            now.letter in "BS" or before.letter in "OES" or before.label != now.label
        )
        if before.letter != OUTSIDE and (begins or now.letter == OUTSIDE):
            spans.append(Span(start, position, before.label))
        if begins:
            start = position
        before = now
    return spans


def _lenient(tag: str) -> _Parts:
    """The parts of a tag with its letter in BIOES; a tag without structure is outside."""
    parts = _parts(tag) or _NO_ENTITY
    return parts._replace(letter=_AS_BIOES.get(parts.letter, parts.letter))


def convert_tags(tags: Sequence[str], scheme: str, to: str) -> tuple[str, ...]:
    """Convert tags to another scheme; to the same scheme, the nearest legal tags.

    Tags that are illegal in `scheme` are interpreted as by conlleval. If either scheme is 'plain',
    the tags do not change.

    Args:
        tags: of one sentence.
        scheme, to: keys of `SCHEMES`.

    Raises:
        SettingError: a scheme is unknown.
    """
    check_choice("scheme", scheme, SCHEMES)
    check_choice("scheme", to, SCHEMES)
    if "plain" in (scheme, to):
        return tuple(tags)
    result = [OUTSIDE] * len(tags)
    before = Span(-1, -1, "")
    for span in conlleval_spans(tags):
        adjoins = before.end == span.start and before.label == span.label
        letters = _letters(span.end - span.start, to, adjoins=adjoins)
        result[span.start : span.end] = (_joined(letter, span.label) for letter in letters)
        before = span
    return tuple(result)


def _letters(length: int, scheme: str, *, adjoins: bool) -> str:
    """The letters of an entity; `adjoins`: it directly follows one of the same label."""
    if scheme == "iob1":
        return ("B" if adjoins else "I") + "I" * (length - 1)
    if scheme == "bio":
        return "B" + "I" * (length - 1)
    begin, inside, end, single = tuple(SCHEMES[scheme])
    return single if length == 1 else begin + inside * (length - 2) + end


def _joined(letter: str, label: str) -> str:
    return f"{letter}-{label}" if label else letter


def spans(tags: Sequence[str], scheme: str) -> list[Span]:
    """The entities whose tags are legal in the scheme; empty for plain tags."""
    if scheme == "plain":
        return []
    legal = convert_tags(tags, scheme, scheme)
    return [
        span
        for span in conlleval_spans(tags)
        if tuple(tags[span.start : span.end]) == legal[span.start : span.end]
    ]


def illegal_tags(tags: Sequence[str], scheme: str) -> list[IllegalTag]:
    """The tags that are not of the scheme, cannot follow the tag before, or cannot come last.

    Args:
        tags: of one sentence.
        scheme: a key of `SCHEMES`.

    Raises:
        SettingError: the scheme is unknown.
    """
    check_choice("scheme", scheme, SCHEMES)
    result = []
    last = None
    for position, tag in enumerate(tags):
        if not _is_of(tag, scheme):
            result.append(IllegalTag(position, tag, f"{tag} is not a tag of {scheme}"))
        elif not _may_follow(last, tag, scheme):
            where = "begin a sentence" if last is None else f"follow {last}"
            result.append(IllegalTag(position, tag, f"{tag} cannot {where}"))
        last = tag
    if last is not None and not _may_follow(last, None, scheme):
        result.append(IllegalTag(len(tags) - 1, last, f"{last} cannot end a sentence"))
    return result


def transitions(tags: Sequence[str], scheme: str) -> LegalTransitions:
    """The legal transitions between tags, so that a network cannot predict an illegal sequence.

    A tag that is not of the scheme has no legal transition.

    Args:
        tags: K distinct tags.
        scheme: a key of `SCHEMES`.

    Raises:
        SettingError: the scheme is unknown.
    """
    check_choice("scheme", scheme, SCHEMES)
    size = len(tags)
    known = np.fromiter((_is_of(tag, scheme) for tag in tags), bool, size)
    first = np.fromiter((_may_follow(None, tag, scheme) for tag in tags), bool, size)
    last = np.fromiter((_may_follow(tag, None, scheme) for tag in tags), bool, size)
    pairs = (_may_follow(before, tag, scheme) for before in tags for tag in tags)
    allowed = np.fromiter(pairs, bool, size * size).reshape(size, size)
    return LegalTransitions(known & first, known[:, None] & known & allowed, known & last)


def _is_of(tag: str, scheme: str) -> bool:
    parts = _parts(tag)
    return scheme == "plain" or (parts is not None and parts.letter in OUTSIDE + SCHEMES[scheme])


def _may_follow(before: str | None, tag: str | None, scheme: str) -> bool:
    """Whether one tag may follow another; None is the beginning or the end of the sentence."""
    if scheme == "plain":
        return True
    last = (_parts(before) if before else None) or _NO_ENTITY
    now = (_parts(tag) if tag else None) or _NO_ENTITY
    is_open = last.letter in ("B", "I")
    continues = is_open and last.label == now.label and now.letter != OUTSIDE
    if scheme == "iob1":
        return now.letter != "B" or continues
    if scheme == "bio":
        return now.letter != "I" or continues
    needs_open = now.letter in SCHEMES[scheme][1:3]
    return continues if needs_open else not is_open
