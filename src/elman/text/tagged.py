"""Sentences whose words have tags, from files or from memory."""

from __future__ import annotations

from copy import copy
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Self

from elman.errors import EmptyTextError, InputError
from elman.text.conll import FORMAT, ConllLayout, TaggedSentence
from elman.text.files import TextSource
from elman.text.lines import lines_of
from elman.text.row_source import RowSource
from elman.text.sentence_reader import SentenceReader
from elman.text.slot_folder import TAGS, with_slots

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence


_IN_MEMORY = "the sentences given"
_SEPARATORS = frozenset("\t\r\n")


class TaggedSource(RowSource[SentenceReader]):
    """Tagged sentences of one or several files, which can be read any number of times.

    Args:
        source: the files, CoNLL or CoNLL-U, which is detected from the first rows of each; tables
            with a column of sentences; rows of JSON with lists of words and tags; or a folder with
            the files `seq.in` and `seq.out`.
        column: of the tag, counted from 1; None: the last one, or UPOS in CoNLL-U.
        word_column: of the word, counted from 1; None: see `conll.layout_of`.
        skip_bad_rows: whether to skip and count sentences with a bad row; if not, a bad row is an
            error.
        tags_needed: whether every word needs a tag.

    Attributes:
        name: of the source.

    Raises:
        SettingError: `column` is less than 2, or `word_column` than 1.
    """

    def __init__(
        self,
        source: TextSource,
        *,
        column: int | None = None,
        word_column: int | None = None,
        skip_bad_rows: bool = False,
        tags_needed: bool = True,
    ) -> None:
        make_reader = partial(
            SentenceReader,
            column=column,
            word_column=word_column,
            skip_bad_rows=skip_bad_rows,
            tags_needed=tags_needed,
        )
        super().__init__(with_slots(source, TAGS), make_reader)
        self._in_memory: list[TaggedSentence] = []

    @classmethod
    def from_sentences(
        cls, words: Sequence[Sequence[str]], tags: Sequence[Sequence[str]] | None = None
    ) -> Self:
        """Sentences in memory.

        Args:
            words: of each sentence.
            tags: one for each word; None: the words have no tags.

        Raises:
            InputError: a sentence has no words or another number of tags, or a word or tag is empty
                or holds a tab or newline.
        """
        if tags is not None and len(tags) != len(words):
            raise InputError(
                f"{len(words)} sentences, but tags for {len(tags)}",
                location=_IN_MEMORY,
                hint="Give a list of tags for each list of words",
            )
        tagged = cls(TextSource.from_texts(()))
        tagged.name = _IN_MEMORY
        tag_lists = [None] * len(words) if tags is None else tags
        for number, (each, its_tags) in enumerate(zip(words, tag_lists, strict=True), start=1):
            tagged._in_memory.append(_sentence(each, its_tags, number))
        return tagged

    @property
    def shape(self) -> str:
        """The format of the first sentence: "conll" or "conllu".

        Raises:
            InputError, EmptyTextError: as `sentences`.
        """
        return next(copy(self).sentences()).layout.shape

    @property
    def note(self) -> str | None:
        """What is remarkable about the columns of the first file, for the user; None if nothing.

        Raises:
            InputError, EmptyTextError: as `sentences`.
        """
        source = copy(self)
        next(source.sentences())
        return source._readers[0].note if source._readers else None

    def sentences(self, read: Callable[[int], None] | None = None) -> Iterator[TaggedSentence]:
        """The sentences from the beginning.

        Args:
            read: called with the number of bytes of each block as it is read.

        Raises:
            InputError: a row is bad and is not to be skipped, or a file is not CoNLL.
            EmptyTextError: there is no sentence.
        """
        self._readers = []
        is_empty = True
        for sentence in chain(self._in_memory, self._from_files(read)):
            is_empty = False
            yield sentence
        if is_empty:
            skipped = f" ({self.skipped:,} skipped)" if self.skipped else ""
            raise EmptyTextError(f"holds no sentence{skipped}", location=self.name, hint=FORMAT)

    def _from_files(self, read: Callable[[int], None] | None) -> Iterator[TaggedSentence]:
        for document in self._source.documents(read):
            reader = self._reader(document.name)
            yield from reader.sentences(lines_of(document.chunks(), keep_ends=True))


def _sentence(words: Sequence[str], tags: Sequence[str] | None, number: int) -> TaggedSentence:
    """A sentence in memory as if read from a file: one line per word, then a blank line."""
    location = f"sentence {number}"
    if isinstance(words, str) or not words:
        raise InputError(
            f"expected a list of words, found {words!r:.40}",
            location=location,
            hint="Split the text",
        )
    if tags is not None and len(tags) != len(words):
        raise InputError(
            f"{len(words)} words, but {len(tags)} tags",
            location=location,
            hint="Give one tag for each word",
        )
    for each in (*words, *(tags or ())):
        if not isinstance(each, str) or not each.strip(" ") or not _SEPARATORS.isdisjoint(each):
            raise InputError(
                f"{each!r:.40} is not a valid word or tag",
                location=location,
                hint="Remove words and tags that are empty or hold a tab or newline",
            )
    rows = words if tags is None else map("\t".join, zip(words, tags, strict=True))
    return TaggedSentence(
        words=tuple(words),
        tags=None if tags is None else tuple(tags),
        name=location,
        lines=(*(f"{row}\n" for row in rows), "\n"),
        rows=tuple(range(len(words))),
        first=1,
        layout=ConllLayout("conll", 1 if tags is None else 2, word=1, tag=2, tabs=tags is not None),
    )
