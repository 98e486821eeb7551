"""The many forms in which sentences and their tags can be given."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np

from elman.errors import EmptyTextError, InputError
from elman.text.byte_decoding import without_surrogates
from elman.text.files import TextSource
from elman.text.progress import ProgressCallback, progress_counter
from elman.text.tag_vocabulary import TagVocabulary
from elman.text.tagged import TaggedSource

Sentences = TaggedSource | os.PathLike[str] | Sequence[Sequence[str]]
"""A source, a file or folder (Path), or a list of words for each sentence."""

Tagged = Sentences | tuple[Sequence[Sequence[str]], Sequence[Sequence[str]]]
"""Sentences that have their tags with them: lists of words come with lists of tags, as a pair."""

LONGEST = 1_000
"""Words of a sentence that are learned from at once; a longer one is cut."""


class TaggedSentences(NamedTuple):
    """Sentences in memory.

    Attributes:
        vocabulary: of the tags, where they are to be learned from.
    """

    words: list[Sequence[str]]
    tags: list[Sequence[str]]
    vocabulary: TagVocabulary | None = None

    @property
    def size(self) -> int:
        """Words of all sentences."""
        return sum(map(len, self.words))

    @property
    def rows(self) -> list[tuple[Sequence[str], Sequence[str]]]:
        """Each sentence's words with their tags."""
        return list(zip(self.words, self.tags, strict=True))

    @property
    def content(self) -> str:
        """sha256 in hex of all words and tags."""
        content = hashlib.sha256()
        # No word or tag holds a tab or a newline.
        for row in chain.from_iterable(self.rows):
            content.update("\t".join(row).encode() + b"\n")
        return content.hexdigest()


def tagged_source(
    sentences: Sentences, tags: Sequence[Sequence[str]] | None = None
) -> TaggedSource:
    """What `fit` and `score` take, as a source.

    Raises:
        InputError: where tags are missing, or do not go with the words.
    """
    if isinstance(sentences, TaggedSource | os.PathLike):
        if tags is not None:
            raise InputError(
                "these sentences bring their own", location="tags", hint="Leave tags out."
            )
        if isinstance(sentences, TaggedSource):
            return sentences
        return TaggedSource(TextSource([sentences]))
    if tags is None:
        raise InputError(
            "lists of words have none with them",
            location="tags",
            hint="Give a list of tags for each list of words.",
        )
    words = [each if isinstance(each, str) else list(each) for each in sentences]
    return TaggedSource.from_sentences(words, [list(each) for each in tags])


def source_with_tags(tagged: Tagged) -> TaggedSource:
    """What `valid` takes, as a source.

    Raises:
        InputError: as `tagged_source`.
    """
    if isinstance(tagged, tuple) and len(tagged) == 2:
        return tagged_source(*tagged)
    return tagged_source(tagged)


def read_tagged(source: TaggedSource, progress: ProgressCallback | None = None) -> TaggedSentences:
    """All sentences of a source; those of more than LONGEST words in pieces.

    Raises:
        InputError: where they cannot be read, or there are none.
    """
    found = TaggedSentences([], [])
    for sentence in source.sentences(progress_counter(progress, "reading", source.size)):
        if sentence.tags is None:
            raise InputError(
                "the words have no tags", location=sentence.location, hint="Give each word one."
            )
        words, tags = (_writable(row) for row in (sentence.words, sentence.tags))
        for start in range(0, len(words), LONGEST):
            found.words.append(words[start : start + LONGEST])
            found.tags.append(tags[start : start + LONGEST])
    return found


def split(sentences: TaggedSentences, seed: int) -> tuple[TaggedSentences, TaggedSentences]:
    """What to learn from, and a tenth that is held out, drawn at random.

    Raises:
        EmptyTextError: where there is one sentence only.
    """
    count = len(sentences.words)
    if count < 2:
        raise EmptyTextError(
            "there is one sentence only", location="sentences", hint="Give it a few hundred."
        )
    order = np.random.default_rng(seed).permutation(count).tolist()
    held_out = max(1, count // 10)
    return _chosen(sentences, order[held_out:]), _chosen(sentences, order[:held_out])


def _chosen(sentences: TaggedSentences, places: list[int]) -> TaggedSentences:
    """Some of the sentences, in the order in which they came."""
    places = sorted(places)
    return sentences._replace(
        words=[sentences.words[place] for place in places],
        tags=[sentences.tags[place] for place in places],
    )


def words_of_each(sentences: Sentences) -> list[Sequence[str]]:
    """What `predict` takes, as the words of each sentence.

    Raises:
        InputError: where they cannot be read, or are no lists of words.
    """
    if isinstance(sentences, os.PathLike):
        sentences = TaggedSource(TextSource([sentences]), tags_needed=False)
    if isinstance(sentences, TaggedSource):
        return [sentence.words for sentence in sentences.sentences()]
    if isinstance(sentences, str):
        raise _no_words("sentences", sentences)
    found: list[Sequence[str]] = []
    for number, words in enumerate(sentences, start=1):
        if isinstance(words, str) or not isinstance(words, Iterable):
            raise _no_words(f"sentence {number}", words)
        each = list(words)
        if not all(isinstance(word, str) for word in each):
            raise _no_words(f"sentence {number}", words)
        found.append(_writable(each))
    return found


def _writable(row: Sequence[str]) -> tuple[str, ...]:
    """Words or tags as a model file can hold them."""
    return tuple(map(without_surrogates, row))


def _no_words(location: str, found: object) -> InputError:
    return InputError(
        f"expected a list of words, found {found!r:.40}", location=location, hint="Split the text."
    )
