"""Sentences whose words have tags, from files or from memory, as often as they are asked for."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Self

from elman.errors import EmptyTextError, InputError
from elman.text.conll import FORMAT, Layout, Sentence
from elman.text.files import TextSource
from elman.text.lines import lines_of
from elman.text.sentence_reader import SentenceReader

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_IN_MEMORY = "the sentences given"
_CUTS = frozenset("\t\r\n")


class TaggedSource:
    """Tagged sentences in CoNLL or CoNLL-U; the first rows of each file tell which.

    Args:
        source: the files.
        column: of the tag, counted from 1; the last if None, or UPOS in CoNLL-U.
        skip_bad_rows: leave out sentences with a bad row, and count them.
        tags_needed: otherwise words without tags will do.

    Attributes:
        name: of the source.
        skipped: sentences left out in the last reading.

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
        self.skipped = 0
        self._source = source
        self._in_memory: list[Sentence] = []
        self._reader = partial(
            SentenceReader, column=column, skip_bad_rows=skip_bad_rows, tags_needed=tags_needed
        )
        self._reader((), self.name)  # a column that no row can have is told at once

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
                place=_IN_MEMORY,
                advice="Give a list of tags for each list of words",
            )
        tagged = cls(TextSource.from_texts(()))
        tagged.name = _IN_MEMORY
        each_tags = [None] * len(words) if tags is None else tags
        for number, (each, its) in enumerate(zip(words, each_tags, strict=True), start=1):
            tagged._in_memory.append(_sentence(each, its, number))
        return tagged

    @property
    def shape(self) -> str:
        """How the first sentence is written: "conll" or "conllu".

        Raises:
            InputError, EmptyTextError: as `sentences` does.
        """
        for sentences in self._parts():
            for sentence in sentences:
                return sentence.layout.shape
        raise self._nothing()

    def sentences(self) -> Iterator[Sentence]:
        """The sentences, in order; each call reads from the beginning.

        Raises:
            InputError: a bad row that is not to be skipped, or no CoNLL.
            EmptyTextError: there is no sentence.
        """
        self.skipped = 0
        is_empty = True
        for sentences in self._parts():
            for sentence in sentences:
                is_empty = False
                yield sentence
            if isinstance(sentences, SentenceReader):
                self.skipped += sentences.skipped
        if is_empty:
            raise self._nothing()

    def _parts(self) -> Iterator[Iterable[Sentence]]:
        """What is in memory, and a reader for each file."""
        yield self._in_memory
        for document in self._source.documents():
            yield self._reader(lines_of(document.chunks(), keep_ends=True), document.name)

    def _nothing(self) -> EmptyTextError:
        left_out = f" ({self.skipped} left out)" if self.skipped else ""
        return EmptyTextError(f"holds no sentence{left_out}", place=self.name, advice=FORMAT)


def _sentence(words: Sequence[str], tags: Sequence[str] | None, number: int) -> Sentence:
    """A sentence as a file of its own would have it: a line for each word, then a blank one."""
    place = f"sentence {number}"
    if isinstance(words, str) or not words:
        raise InputError(
            f"expected a list of words, found {words!r:.40}", place=place, advice="Split the text"
        )
    if tags is not None and len(tags) != len(words):
        raise InputError(
            f"{len(words)} words, but {len(tags)} tags", place=place, advice="Give each word one"
        )
    for each in (*words, *(tags or ())):
        if not each.strip(" ") or not _CUTS.isdisjoint(each):
            raise InputError(
                f"{each!r:.40} can be no word or tag",
                place=place,
                advice="Leave out what is empty or holds a tab or newline",
            )
    rows = words if tags is None else map("\t".join, zip(words, tags, strict=True))
    return Sentence(
        words=tuple(words),
        tags=None if tags is None else tuple(tags),
        name=place,
        lines=(*(f"{row}\n" for row in rows), "\n"),
        rows=tuple(range(len(words))),
        first=1,
        layout=Layout("conll", 1 if tags is None else 2, word=1, tag=2, tabs=tags is not None),
    )
