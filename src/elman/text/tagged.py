"""Sentences whose words have tags, from files or from memory, as often as they are asked for."""

from __future__ import annotations

from copy import copy
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Self

from elman.errors import EmptyTextError, InputError
from elman.ranges import listed
from elman.text.conll import FORMAT, ConllLayout, TaggedSentence
from elman.text.files import TextSource
from elman.text.lines import lines_of
from elman.text.sentence_reader import SentenceReader

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence


_IN_MEMORY = "the sentences given"
_SHOWN = 20  # tags in a message
_CUTS = frozenset("\t\r\n")


class TaggedSource:
    """Tagged sentences of one or several files, which can be read again and again.

    Args:
        source: the files, CoNLL or CoNLL-U; the first rows of each tell which.
        column: of the tag, counted from 1; the last if None, or UPOS in CoNLL-U.
        skip_bad_rows: leave out sentences with a bad row, and count them.
        tags_needed: otherwise words without tags will do.

    Attributes:
        name: of the source.

    Raises:
        SettingError: no row can have its tag in that column.
    """

    def __init__(
        self,
        source: TextSource,
        *,
        column: int | None = None,
        skip_bad_rows: bool = False,
        tags_needed: bool = True,
    ) -> None:
        self.name = source.name
        self._source = source
        self._in_memory: list[TaggedSentence] = []
        self._known: frozenset[str] | None = None
        self._unknown = 0
        self._readers: list[SentenceReader] = []
        self._skip_bad_rows = skip_bad_rows
        self._make_reader = partial(
            SentenceReader, column=column, skip_bad_rows=skip_bad_rows, tags_needed=tags_needed
        )
        self._make_reader(self.name)  # a column that no row can have is told at once

    @classmethod
    def from_sentences(
        cls, words: Sequence[Sequence[str]], tags: Sequence[Sequence[str]] | None = None
    ) -> Self:
        """Sentences in memory: the words of each, and as many tags.

        Raises:
            InputError: no words, another number of tags, or a word or tag that no row could hold.
        """
        if tags is not None and len(tags) != len(words):
            raise InputError(
                f"{len(words)} sentences, but tags of {len(tags)}",
                location=_IN_MEMORY,
                hint="Give a list of tags for each list of words",
            )
        tagged = cls(TextSource.from_texts(()))
        tagged.name = _IN_MEMORY
        each_tags = [None] * len(words) if tags is None else tags
        for number, (each, its) in enumerate(zip(words, each_tags, strict=True), start=1):
            tagged._in_memory.append(_sentence(each, its, number))
        return tagged

    def limited_to(self, tags: Collection[str]) -> Self:
        """The same sentences, of which those with any other tag are bad: for sentences to be
        scored by what was learned from others."""
        limited = copy(self)
        limited._known = frozenset(tags)
        return limited

    @property
    def shape(self) -> str:
        """How the first sentence is written: "conll" or "conllu".

        Raises:
            InputError, EmptyTextError: as `sentences` does.
        """
        return next(copy(self).sentences()).layout.shape

    @property
    def skipped(self) -> int:
        """Sentences that the last reading left out."""
        return self._unknown + sum(reader.skipped for reader in self._readers)

    @property
    def size(self) -> int:
        """The bytes there are to read, as `sentences` reports them; 0 of those in memory."""
        return self._source.size

    def sentences(self, read: Callable[[int], None] | None = None) -> Iterator[TaggedSentence]:
        """The sentences from the beginning; `read` hears of bytes as they are consumed.

        Raises:
            InputError: a bad row that is not to be skipped, or no CoNLL.
            EmptyTextError: there is no sentence.
        """
        self._unknown, self._readers = 0, []
        is_empty = True
        for sentence in chain(self._in_memory, self._from_files(read)):
            if self._is_known(sentence):
                is_empty = False
                yield sentence
        if is_empty:
            left_out = f" ({self.skipped:,} left out)" if self.skipped else ""
            raise EmptyTextError(f"holds no sentence{left_out}", location=self.name, hint=FORMAT)

    def _from_files(self, read: Callable[[int], None] | None) -> Iterator[TaggedSentence]:
        for document in self._source.documents(read):
            reader = self._make_reader(document.name)
            self._readers.append(reader)
            yield from reader.sentences(lines_of(document.chunks(), keep_ends=True))

    def _is_known(self, sentence: TaggedSentence) -> bool:
        """Whether all tags are; counts where not and such are to be left out."""
        if self._known is None or self._known.issuperset(sentence.tags or ()):
            return True
        if self._skip_bad_rows:
            self._unknown += 1
            return False
        position, tag = next(
            (position, tag)
            for position, tag in enumerate(sentence.tags or ())
            if tag not in self._known
        )
        names = listed(sorted(self._known)) if len(self._known) <= _SHOWN else len(self._known)
        raise InputError(
            f"the tag {tag!r} is not among those learned ({names})",
            location=sentence.place_of(position),
            hint="Mend it, or leave such sentences out: --skip-bad-rows",
        )


def _sentence(words: Sequence[str], tags: Sequence[str] | None, number: int) -> TaggedSentence:
    """A sentence as a file of its own would have it: a line for each word, then a blank one."""
    place = f"sentence {number}"
    if isinstance(words, str) or not words:
        raise InputError(
            f"expected a list of words, found {words!r:.40}", location=place, hint="Split the text"
        )
    if tags is not None and len(tags) != len(words):
        raise InputError(
            f"{len(words)} words, but {len(tags)} tags", location=place, hint="Give each word one"
        )
    for each in (*words, *(tags or ())):
        if not isinstance(each, str) or not each.strip(" ") or not _CUTS.isdisjoint(each):
            raise InputError(
                f"{each!r:.40} can be no word or tag",
                location=place,
                hint="Leave out what is empty or holds a tab or newline",
            )
    rows = words if tags is None else map("\t".join, zip(words, tags, strict=True))
    return TaggedSentence(
        words=tuple(words),
        tags=None if tags is None else tuple(tags),
        name=place,
        lines=(*(f"{row}\n" for row in rows), "\n"),
        rows=tuple(range(len(words))),
        first=1,
        layout=ConllLayout("conll", 1 if tags is None else 2, word=1, tag=2, tabs=tags is not None),
    )
