"""Convert the inputs of a tagger to sentences and tags."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from itertools import chain
from numbers import Integral
from typing import Any, NamedTuple

import numpy as np

from elman.errors import EmptyTextError, InputError
from elman.text.byte_decoding import without_surrogates
from elman.text.files import TextSource
from elman.text.progress import ProgressCallback, progress_counter
from elman.text.tag_vocabulary import TagVocabulary
from elman.text.tagged import TaggedSource

Sentences = TaggedSource | os.PathLike[str] | Sequence[Sequence[str]]
"""A `TaggedSource`, a file or folder (Path), or a list of words for each sentence."""

Tagged = Sentences | tuple[Sequence[Sequence[str]], Sequence[Sequence[str]]]
"""Sentences with tags; lists of words and lists of tags as a tuple."""

MAX_WORDS = 1_000
"""Maximum length of a training sentence; longer ones are split."""


class TaggedSentences(NamedTuple):
    """Tagged sentences in memory.

    Attributes:
        words: of each sentence.
        tags: of each word.
        vocabulary: of the tags, in a training set.
    """

    words: list[Sequence[str]]
    tags: list[Sequence[str]]
    vocabulary: TagVocabulary | None = None

    @property
    def size(self) -> int:
        """Number of words of all sentences."""
        return sum(map(len, self.words))

    @property
    def rows(self) -> list[tuple[Sequence[str], Sequence[str]]]:
        """Words and tags of each sentence."""
        return list(zip(self.words, self.tags, strict=True))

    @property
    def content(self) -> str:
        """sha256 of all words and tags, in hex."""
        content = hashlib.sha256()
        # No word or tag holds a tab or a newline.
        for row in chain.from_iterable(self.rows):
            content.update("\t".join(row).encode() + b"\n")
        return content.hexdigest()


def tagged_source(
    sentences: Sentences, tags: Sequence[Sequence[str]] | None = None
) -> TaggedSource:
    """Convert the arguments of `fit` and `score` to a source.

    Raises:
        InputError: tags are missing, given twice, or do not match the words.
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
    words = [each if isinstance(each, str) else list(each) for each in plain(sentences)]
    named = [list(each) for each in plain(tags)]
    if any(isinstance(tag, Integral) for row in named[:1] for tag in row):
        raise InputError(
            "tags are numbers, not names",
            location="tags",
            hint="Name them; of a dataset of Hugging Face: features['ner_tags'].feature.int2str",
        )
    return TaggedSource.from_sentences(words, named)


def plain(rows: Any) -> Any:
    """A column of lists as lists: columns of pyarrow hold values of types of its own."""
    return rows.to_pylist() if hasattr(rows, "to_pylist") else rows


def source_with_tags(tagged: Tagged) -> TaggedSource:
    """Convert the argument `valid` of `fit` to a source.

    Raises:
        InputError: as in `tagged_source`.
    """
    if isinstance(tagged, tuple) and len(tagged) == 2:
        return tagged_source(*tagged)
    return tagged_source(tagged)


def read_tagged(source: TaggedSource, progress: ProgressCallback | None = None) -> TaggedSentences:
    """Read all sentences into memory; split those of more than MAX_WORDS words.

    Raises:
        InputError: they cannot be read, have no tags, or there are none.
    """
    tagged = TaggedSentences([], [])
    for sentence in source.sentences(progress_counter(progress, "reading", source.size)):
        if sentence.tags is None:
            raise InputError(
                "the words have no tags", location=sentence.location, hint="Give each word one."
            )
        words, tags = (_without_surrogates(row) for row in (sentence.words, sentence.tags))
        for start in range(0, len(words), MAX_WORDS):
            tagged.words.append(words[start : start + MAX_WORDS])
            tagged.tags.append(tags[start : start + MAX_WORDS])
    return tagged


def split(sentences: TaggedSentences, seed: int) -> tuple[TaggedSentences, TaggedSentences]:
    """Split into training set and validation set, a random tenth.

    Raises:
        EmptyTextError: there is only one sentence.
    """
    count = len(sentences.words)
    if count < 2:
        raise EmptyTextError(
            "there is one sentence only", location="sentences", hint="Give it a few hundred."
        )
    order = np.random.default_rng(seed).permutation(count).tolist()
    held_out = max(1, count // 10)
    return _chosen(sentences, order[held_out:]), _chosen(sentences, order[:held_out])


def _chosen(sentences: TaggedSentences, indices: list[int]) -> TaggedSentences:
    """The sentences with these indices, in their original order."""
    indices = sorted(indices)
    return sentences._replace(
        words=[sentences.words[index] for index in indices],
        tags=[sentences.tags[index] for index in indices],
    )


def words_of_each(sentences: Sentences) -> list[Sequence[str]]:
    """Convert the argument of `predict` to the words of each sentence.

    Raises:
        InputError: sentences cannot be read, or are not lists of words.
    """
    if isinstance(sentences, os.PathLike):
        sentences = TaggedSource(TextSource([sentences]), tags_needed=False)
    if isinstance(sentences, TaggedSource):
        return [sentence.words for sentence in sentences.sentences()]
    if isinstance(sentences, str):
        raise _not_words("sentences", sentences)
    rows: list[Sequence[str]] = []
    for number, words in enumerate(plain(sentences), start=1):
        if isinstance(words, str) or not isinstance(words, Iterable):
            raise _not_words(f"sentence {number}", words)
        each = list(words)
        if not all(isinstance(word, str) for word in each):
            raise _not_words(f"sentence {number}", words)
        rows.append(_without_surrogates(each))
    return rows


def _without_surrogates(row: Sequence[str]) -> tuple[str, ...]:
    """Words or tags without surrogates, which a model file cannot hold."""
    return tuple(map(without_surrogates, row))


def _not_words(location: str, found: object) -> InputError:
    return InputError(
        f"expected a list of words, found {found!r:.40}", location=location, hint="Split the text."
    )
