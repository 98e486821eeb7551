"""Schemes of tags: how the tags of words say where entities begin and end.

Ramshaw and Marcus (1995) introduced I, O and B; the names are those of Sang and Veenstra (1999)
and Ratinov and Roth (2009). An entity is a run of words with one label:

    iob1    I-PER I-PER; begins with B- only right behind an entity of the same label
    bio     B-PER I-PER: every entity begins with B- (IOB2)
    bioes   B-PER I-PER E-PER, and S-PER where it is a single word
    bilou   the same with L- for E- and U- for S-
    plain   no such structure: parts of speech

A tag is a letter, a hyphen and a label, or O; a letter alone has the empty label. Positions count
from 0, and an end is the position after the last word.

Everything here rests on two readings of tags. The lenient one is the CoNLL-2000 evaluation
script's (`conlleval`): tags that no scheme allows still make entities. Written in the scheme again
these are the nearest sound tags, so a sequence is legal if this changes nothing, and the strict
entities are those whose tags stay as they are.
"""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from elman.ranges import among

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray


OUTSIDE = "O"

SCHEMES = {"plain": "", "iob1": "BI", "bio": "BI", "bioes": "BIES", "bilou": "BILU"}
"""The schemes, each with its letters: of a beginning, the inside, an end, a single word."""

_AS_BIOES = {"L": "E", "U": "S"}


class Span(NamedTuple):
    """An entity: the words from `start` up to `end`, without the latter."""

    start: int
    end: int
    label: str


class Illegal(NamedTuple):
    """A tag that cannot stand where it stands, and why, as in "I-PER cannot follow O"."""

    position: int
    tag: str
    why: str


class LegalTransitions(NamedTuple):
    """What a scheme allows of K tags, as booleans.

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


def recognise(sequences: Iterable[Sequence[str]]) -> str:
    """The scheme of the tags of some sentences.

    IOB1 and BIO have the same tags: they are told apart by what more of the entities that stand
    alone begin with. Tags that are letters only count as a scheme with both B and I among them.
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
    """The entities as the evaluation script of CoNLL-2000 reads them, whatever the scheme.

    An entity begins at B or S, and at any other tag with a label behind O, behind an end (E, S)
    or behind another label. It ends before the next one, and before O.
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
    """The parts of a tag with the letters of BIOES; what has none is outside."""
    parts = _parts(tag) or _NO_ENTITY
    return parts._replace(letter=_AS_BIOES.get(parts.letter, parts.letter))


def converted(tags: Sequence[str], scheme: str, to: str) -> tuple[str, ...]:
    """The tags in another scheme; in the same one, those that nothing is wrong with.

    Tags that `scheme` does not allow are read as conlleval reads them. Plain tags stay as they
    are, and so do others that are to be plain.
    """
    among("scheme", scheme, SCHEMES)
    among("scheme", to, SCHEMES)
    if "plain" in (scheme, to):
        return tuple(tags)
    written = [OUTSIDE] * len(tags)
    before = Span(-1, -1, "")
    for span in conlleval_spans(tags):
        adjoins = before.end == span.start and before.label == span.label
        letters = _letters(span.end - span.start, to, adjoins=adjoins)
        written[span.start : span.end] = (_joined(letter, span.label) for letter in letters)
        before = span
    return tuple(written)


def _letters(length: int, scheme: str, *, adjoins: bool) -> str:
    """The letters of an entity; `adjoins` one of the same label before it."""
    if scheme == "iob1":
        return ("B" if adjoins else "I") + "I" * (length - 1)
    if scheme == "bio":
        return "B" + "I" * (length - 1)
    begin, inside, end, single = tuple(SCHEMES[scheme])
    return single if length == 1 else begin + inside * (length - 2) + end


def _joined(letter: str, label: str) -> str:
    return f"{letter}-{label}" if label else letter


def spans(tags: Sequence[str], scheme: str) -> list[Span]:
    """The entities that are written just as the scheme has it; none of plain tags."""
    if scheme == "plain":
        return []
    sound = converted(tags, scheme, scheme)
    return [
        span
        for span in conlleval_spans(tags)
        if tuple(tags[span.start : span.end]) == sound[span.start : span.end]
    ]


def illegal(tags: Sequence[str], scheme: str) -> list[Illegal]:
    """The tags that cannot stand where they stand: none of the scheme, or not behind the one
    before, or not last."""
    among("scheme", scheme, SCHEMES)
    found = []
    last = None
    for position, tag in enumerate(tags):
        if not _is_of(tag, scheme):
            found.append(Illegal(position, tag, f"{tag} is no tag of {scheme}"))
        elif not _may_follow(last, tag, scheme):
            where = "begin a sentence" if last is None else f"follow {last}"
            found.append(Illegal(position, tag, f"{tag} cannot {where}"))
        last = tag
    if last is not None and not _may_follow(last, None, scheme):
        found.append(Illegal(len(tags) - 1, last, f"{last} cannot end a sentence"))
    return found


def transitions(tags: Sequence[str], scheme: str) -> LegalTransitions:
    """What may follow what, so that a network can be kept from any illegal sequence.

    A tag that is none of the scheme is allowed nowhere.
    """
    among("scheme", scheme, SCHEMES)
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
    """Whether one tag may follow another; None stands for the beginning and for the end."""
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
