"""Tags as a network knows them: numbers, and of entities always the scheme BIOES.

BIOES says most of where entities begin and end, and its rules hold from one tag to the next: what
keeps to them is legal in every other scheme once it is converted.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from elman.errors import InputError
from elman.text.tagsets import OUTSIDE, SCHEMES, converted, recognise, transitions
from elman.text.tokenizers.tokenizer import damaged, fields

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from elman.text.tagsets import LegalTransitions


MAX_TAGS = 1000
"""A network holds a score for each pair of them."""

_CUTS = frozenset("\t\r\n")
_LETTERS = {
    "iob1": {"B": "I", "I": "I", "E": "I", "S": "I"},
    "bio": {"B": "B", "I": "I", "E": "I", "S": "B"},
    "bioes": {"B": "B", "I": "I", "E": "E", "S": "S"},
    "bilou": {"B": "B", "I": "I", "E": "L", "S": "U"},
}


class TagVocabulary:
    """The tags of a scheme, and their numbers.

    Args:
        scheme: a name of `SCHEMES`.
        labels: of entities; the tags themselves where the scheme is plain.

    Attributes:
        tags: that the scheme has for these labels.
        inner: those that have a number, the number being the place here: BIOES or plain.
    """

    name: ClassVar[str] = "tags"

    def __init__(self, scheme: str, labels: Sequence[str]) -> None:
        self.scheme = scheme
        self.labels = list(labels)
        self.inner_scheme = "plain" if scheme == "plain" else "bioes"
        self.tags = _tags(scheme, self.labels)
        self.inner = _tags(self.inner_scheme, self.labels)
        self._numbers = {tag: number for number, tag in enumerate(self.inner)}

    @classmethod
    def learn(cls, sequences: Sequence[Sequence[str]]) -> Self:
        """The scheme and the labels of some sentences' tags.

        Raises:
            InputError: one tag only, or more than MAX_TAGS.
        """
        found = sorted({tag for tags in sequences for tag in tags})
        if len(found) < 2:
            raise InputError(
                f"every word has the tag {found[0]!r}" if found else "there is no tag",
                location="tags",
                hint="Give sentences with two tags at least, or name their column: --column 2",
            )
        scheme = recognise(sequences)
        if scheme == "plain":
            learned = cls(scheme, found)
        else:
            learned = cls(scheme, sorted({tag[2:] for tag in found if tag != OUTSIDE}))
        if len(learned.inner) > MAX_TAGS:
            raise InputError(
                f"{len(learned.inner):,} tags are more than {MAX_TAGS:,}",
                location="tags",
                hint="Name the column that holds tags: --column 2",
            )
        return learned

    def encode(self, tags: Sequence[str]) -> NDArray[np.int64]:
        """Tags of a sentence (T,) -> numbers (T,); what the scheme does not allow is read as
        conlleval reads it."""
        inner = converted(tags, self.scheme, self.inner_scheme)
        return np.array([self._numbers[tag] for tag in inner], dtype=np.int64)

    def decode(self, numbers: Iterable[int]) -> list[str]:
        """Numbers of a sentence -> tags of the scheme."""
        inner = [self.inner[number] for number in numbers]
        return list(converted(inner, self.inner_scheme, self.scheme))

    @property
    def transitions(self) -> LegalTransitions:
        """Which numbers may follow each other."""
        return transitions(self.inner, self.inner_scheme)

    @cached_property
    def outer(self) -> NDArray[np.int64]:
        """Of each inner tag the place in `tags` of what it becomes.

        In IOB1 that depends on the words before: what begins an entity counts as I- here.
        """
        if self.scheme == "plain":
            return np.arange(len(self.tags))
        letters = _LETTERS[self.scheme]
        places = {tag: place for place, tag in enumerate(self.tags)}
        return np.array(
            [places[tag if tag == OUTSIDE else letters[tag[0]] + tag[1:]] for tag in self.inner]
        )

    def to_json(self) -> dict[str, Any]:
        return {"name": self.name, "scheme": self.scheme, "labels": self.labels}

    @classmethod
    def from_json(cls, value: object) -> Self:
        """What `to_json` gave.

        Raises:
            ModelFileError: for anything else.
        """
        plain = fields(value, cls.name, scheme=str, labels=list)
        scheme, labels = plain["scheme"], plain["labels"]
        if scheme not in SCHEMES:
            raise damaged(f"{scheme!r} is no scheme of tags")
        if not all(type(label) is str and _CUTS.isdisjoint(label) for label in labels):
            raise damaged("each label is a string without tabs and newlines")
        is_plain = scheme == "plain"
        if len(set(labels)) != len(labels) or (is_plain and "" in labels):
            raise damaged("each label should be there once, and say something")
        if not 1 + is_plain <= len(labels) <= MAX_TAGS:
            raise damaged(f"there are {len(labels)} labels")
        learned = cls(scheme, labels)
        if len(learned.inner) > MAX_TAGS:
            raise damaged(f"there are {len(learned.inner)} tags")
        return learned


def _tags(scheme: str, labels: Sequence[str]) -> list[str]:
    """All tags that a scheme has for these labels."""
    if scheme == "plain":
        return list(labels)
    return [
        OUTSIDE,
        *(
            f"{letter}-{label}" if label else letter
            for label in labels
            for letter in SCHEMES[scheme]
        ),
    ]
