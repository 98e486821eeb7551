"""The ids of tags for a network, which always uses the scheme BIOES for entities.

BIOES marks both ends of every entity, and its rules are local: they constrain only adjacent tags.
Every legal BIOES sequence converts to a legal sequence of any other scheme.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from elman.errors import InputError
from elman.text.tagsets import OUTSIDE, SCHEMES, convert_tags, detect_scheme, transitions
from elman.text.tokenizers.tokenizer import damaged, fields

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from elman.text.tagsets import LegalTransitions


MAX_TAGS = 1000
"""The most tags; a CRF has a score for each pair of them."""

UNKNOWN = -1
"""The id of a tag that training never saw."""

_SEPARATORS = frozenset("\t\r\n")
_LETTERS = {
    "iob1": {"B": "I", "I": "I", "E": "I", "S": "I"},
    "bio": {"B": "B", "I": "I", "E": "I", "S": "B"},
    "bioes": {"B": "B", "I": "I", "E": "E", "S": "S"},
    "bilou": {"B": "B", "I": "I", "E": "L", "S": "U"},
}


class TagVocabulary:
    """The tags of a scheme, and the ids that a network predicts.

    Args:
        scheme: of the data, a key of `SCHEMES`.
        labels: of entities; the tags themselves in the scheme 'plain'.

    Attributes:
        tags: of the scheme, for these labels.
        inner: the tags that the network predicts, in BIOES or plain; an id is an index in it.
        inner_scheme: 'bioes' or 'plain'.
    """

    name: ClassVar[str] = "tags"

    def __init__(self, scheme: str, labels: Sequence[str]) -> None:
        self.scheme = scheme
        self.labels = list(labels)
        self.inner_scheme = "plain" if scheme == "plain" else "bioes"
        self.tags = _tags(scheme, self.labels)
        self.inner = _tags(self.inner_scheme, self.labels)
        self._ids = {tag: number for number, tag in enumerate(self.inner)}

    @classmethod
    def learn(cls, sequences: Sequence[Sequence[str]]) -> Self:
        """The vocabulary of the tags of some sentences.

        Args:
            sequences: the tags of each sentence.

        Raises:
            InputError: there is only one distinct tag, or more than MAX_TAGS.
        """
        distinct = sorted({tag for tags in sequences for tag in tags})
        if len(distinct) < 2:
            raise InputError(
                f"every word has the tag {distinct[0]!r}" if distinct else "there is no tag",
                location="tags",
                hint="Give sentences with two different tags, or name their column: --column 2",
            )
        scheme = detect_scheme(sequences)
        if scheme == "plain":
            learned = cls(scheme, distinct)
        else:
            learned = cls(scheme, sorted({tag[2:] for tag in distinct if tag != OUTSIDE}))
        if len(learned.inner) > MAX_TAGS:
            raise InputError(
                f"{len(learned.inner):,} tags are more than {MAX_TAGS:,}",
                location="tags",
                hint="Name the column that holds tags: --column 2",
            )
        return learned

    def encode(self, tags: Sequence[str]) -> NDArray[np.int64]:
        """The ids (T,) of the tags (T,) of a sentence, UNKNOWN for a tag of no label of the
        vocabulary; illegal tags are interpreted as by conlleval."""
        inner = convert_tags(tags, self.scheme, self.inner_scheme)
        return np.array([self._ids.get(tag, UNKNOWN) for tag in inner], dtype=np.int64)

    def decode(self, ids: Iterable[int]) -> list[str]:
        """The tags of the scheme for the ids of a sentence."""
        inner = [self.inner[tag_id] for tag_id in ids]
        return list(convert_tags(inner, self.inner_scheme, self.scheme))

    @property
    def transitions(self) -> LegalTransitions:
        """Which ids may follow each other."""
        return transitions(self.inner, self.inner_scheme)

    @cached_property
    def outer(self) -> NDArray[np.int64]:
        """For each inner tag, the index in `tags` of the tag it converts to.

        In IOB1 the tag depends on the word before; here an entity begins with I-.
        """
        if self.scheme == "plain":
            return np.arange(len(self.tags))
        letters = _LETTERS[self.scheme]
        indices = {tag: index for index, tag in enumerate(self.tags)}
        return np.array(
            [indices[tag if tag == OUTSIDE else letters[tag[0]] + tag[1:]] for tag in self.inner]
        )

    def to_json(self) -> dict[str, Any]:
        """The vocabulary as plain data."""
        return {"name": self.name, "scheme": self.scheme, "labels": self.labels}

    @classmethod
    def from_json(cls, value: object) -> Self:
        """The vocabulary that `to_json` wrote.

        Raises:
            ModelFileError: the value is malformed.
        """
        plain = fields(value, cls.name, scheme=str, labels=list)
        scheme, labels = plain["scheme"], plain["labels"]
        if scheme not in SCHEMES:
            raise damaged(f"{scheme!r} is not a scheme of tags")
        if not all(type(label) is str and _SEPARATORS.isdisjoint(label) for label in labels):
            raise damaged("a label is not a string without tabs and newlines")
        is_plain = scheme == "plain"
        if len(set(labels)) != len(labels) or (is_plain and "" in labels):
            raise damaged("a label is empty or occurs twice")
        if not 1 + is_plain <= len(labels) <= MAX_TAGS:
            raise damaged(f"there are {len(labels)} labels")
        learned = cls(scheme, labels)
        if len(learned.inner) > MAX_TAGS:
            raise damaged(f"there are {len(learned.inner)} tags")
        return learned


def _tags(scheme: str, labels: Sequence[str]) -> list[str]:
    """All tags of a scheme for these labels."""
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
