"""A text as tokens in a memory-mapped file, cached by its content.

The text is read, learned from and encoded chunk by chunk, so memory does not grow with its length.
Shapes: N tokens in the corpus, V tokens in the vocabulary.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from elman.data import corpus_file
from elman.errors import EmptyTextError, ModelFileError, SettingError
from elman.text.tokenizers.table import tokenizer_from_json
from elman.text.tokenizers.tokenizer import BOUNDARY, Tokenizer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from elman.data.cache import Cache
    from elman.text.files import TextSource

    Progress = Callable[[str, int, int], None]


NEAR = 10_000
"""The largest distance in tokens by which a split moves to the end of a line."""


@dataclass(frozen=True, eq=False)
class Corpus:
    """Documents as tokens; each is BOUNDARY and then its text.

    Attributes:
        ids: (N,) uint16, or uint32 where V > 65,536; a read-only memory map.
        tokenizer: that encoded the text.
        content_hash: of the text; for a part, of the whole text.
        key: of the entry in the cache; a part appends `+start-stop`.
        characters: of the decoded text.
        words: of the decoded text, separated by white space.
        documents: with text in this part; a document that is cut counts in both parts.
        start: the index of the first token in the whole corpus.
    """

    ids: NDArray[Any]
    tokenizer: Tokenizer
    content_hash: str
    key: str
    characters: int
    words: int
    documents: int
    start: int = 0

    def __len__(self) -> int:
        return len(self.ids)

    @classmethod
    def prepare(
        cls,
        source: TextSource,
        tokenizer: Tokenizer | type[Tokenizer],
        *,
        cache: Cache,
        size: int | None = None,
        progress: Progress | None = None,
    ) -> Corpus:
        """The corpus of a text, from the cache if the same text was prepared before.

        Args:
            source: of the text.
            tokenizer: a vocabulary, or the class of one to learn. It is learned from the whole
                text, including what `split` holds out: no token is unknown there, and the
                vocabulary includes the words of the validation set.
            cache: for the corpus and the vocabulary.
            size: the largest V of a vocabulary to learn; None: the default of the tokenizer.
            progress: called with the step, the bytes read so far and the total bytes.

        Raises:
            InputError: the text cannot be read.
            EmptyTextError: there is no text, or only one distinct token.
            SettingError: `size` is too small, or is given together with a vocabulary.
            OutputError: the cache cannot be written.
        """
        if isinstance(tokenizer, Tokenizer) and size is not None:
            raise SettingError(
                "is given together with a vocabulary, whose size is fixed", location="size"
            )
        content = source.content_hash(_reporter("reading", source, progress))
        if not isinstance(tokenizer, Tokenizer):
            tokenizer = _learned(source, content, tokenizer, size, cache, progress)
        cached = cls.find(content, tokenizer, cache)
        if cached is not None:
            return cached
        key = _key(content, tokenizer)
        cache.discard(key)
        read = _reporter("encoding", source, progress)

        def build(folder: Path) -> None:
            corpus_file.write(source, tokenizer, content, folder, read)

        about = {"tokenizer": tokenizer.name, "size": tokenizer.size, "content_hash": content}
        return _opened(cache.publish(key, build, kind="corpus", about=about), key, tokenizer)

    @classmethod
    def find(cls, key_or_content_hash: str, tokenizer: Tokenizer, cache: Cache) -> Corpus | None:
        """The corpus, or part of one, of this tokenizer in the cache; None if it is absent."""
        key, _, part = key_or_content_hash.partition("+")
        if not key.startswith("corpus-"):
            key = _key(key, tokenizer)
        folder = cache.folder_of(key)
        try:
            whole = _opened(folder, key, tokenizer) if folder is not None else None
            if whole is None or not part:
                return whole
            start, _, stop = part.partition("-")
            return whole.part(int(start), int(stop))
        except (OSError, ValueError, KeyError, TypeError):
            return None  # damaged, or of another tokenizer

    def split(self, fraction: float = 0.1, max_tokens: int = 1_000_000) -> tuple[Corpus, Corpus]:
        """Split off the end of the text as a validation set.

        The cut moves to the end of the next line or document if there is one within 10,000 tokens
        (and within half of the validation set). Both parts are views of the same file. The second
        part begins with text: put BOUNDARY before it to evaluate it. Where no line ends nearby, a
        word that is cut counts in the second part.

        Args:
            fraction: of the tokens to hold out, between 0 and 1.
            max_tokens: the most tokens to hold out.

        Returns:
            The training set and the validation set.

        Raises:
            SettingError: `fraction` is not between 0 and 1, or `max_tokens` is less than 1.
            EmptyTextError: there are too few tokens for two parts.
        """
        if not 0 < fraction < 1:
            raise SettingError(f"{fraction} is not between 0 and 1", location="fraction")
        if max_tokens < 1:
            raise SettingError(f"{max_tokens} is not at least 1", location="max_tokens")
        held_out = min(max(int(len(self) * fraction), 1), max_tokens)
        cut = self._end_of_line(len(self) - held_out, min(NEAR, held_out // 2))
        if cut < 2:
            raise EmptyTextError(
                f"{len(self)} tokens are too few to hold some out", hint="Add more text"
            )
        return self.part(0, cut), self.part(cut, len(self))

    def _end_of_line(self, cut: int, near: int) -> int:
        """The first index from `cut` to `cut + near` that follows a line or document."""
        ends = np.flatnonzero(self._ends_line(slice(cut - 1, cut + near)))
        if not len(ends):
            return cut
        cut += int(ends[0])
        # Where the document ends too, the BOUNDARY of the next one belongs to the first part.
        return cut + int(cut < len(self) - 1 and self.ids[cut] == BOUNDARY)

    def _ends_line(self, where: slice) -> NDArray[np.bool_]:
        """Which of these tokens are the last of a line or the first of a document."""
        tokens = self.ids[where]
        ends = [
            token
            for token in np.unique(tokens).tolist()
            if token == BOUNDARY or self.tokenizer.decode([token]).endswith("\n")
        ]
        return np.isin(tokens, ends)

    def part(self, start: int, stop: int) -> Corpus:
        """A view of the tokens from `start` up to but excluding `stop`, with its text counted.

        A part from the beginning is counted by difference: decoding the end, which is usually
        short, is faster.

        Raises:
            ValueError: the range is empty or outside the corpus.
        """
        if not 0 <= start < stop <= len(self):
            raise ValueError(f"{start}-{stop} is not a part of {len(self)} tokens")
        if start == 0 and stop < len(self):
            end = self.part(stop, len(self))
            characters, words = self.characters - end.characters, self.words - end.words
            is_cut = BOUNDARY not in self.ids[stop - 1 : stop + 1]  # a document has text in both
            documents = self.documents - end.documents + int(is_cut)
        else:
            characters, words, documents = corpus_file.count(self.ids[start:stop], self.tokenizer)
        return replace(
            self,
            ids=self.ids[start:stop],
            key=f"{self.key.partition('+')[0]}+{self.start + start}-{self.start + stop}",
            characters=characters,
            words=words,
            documents=documents,
            start=self.start + start,
        )


def _key(content_hash: str, tokenizer: Tokenizer) -> str:
    return f"corpus-{content_hash[:32]}-{tokenizer.name}-{tokenizer.fingerprint[:16]}"


def _opened(folder: Path, key: str, tokenizer: Tokenizer) -> Corpus:
    ids, content_hash, counts = corpus_file.read(folder, tokenizer)
    return Corpus(
        ids,
        tokenizer,
        content_hash,
        key,
        characters=counts["characters"],
        words=counts["words"],
        documents=counts["documents"],
    )


def _learned(
    source: TextSource,
    content_hash: str,
    kind: type[Tokenizer],
    size: int | None,
    cache: Cache,
    progress: Progress | None,
) -> Tokenizer:
    """The vocabulary of a text, from the cache or learned."""
    key = f"tokenizer-{content_hash[:32]}-{kind.name}-{size or 'default'}"
    folder = cache.folder_of(key)
    if folder is not None:
        try:
            return tokenizer_from_json(json.loads((folder / "tokenizer.json").read_bytes()))
        except (OSError, ValueError, ModelFileError):
            cache.discard(key)  # damaged: learn it again
    read = _reporter("learning", source, progress)
    chunks = (chunk for document in source.documents(read) for chunk in document.chunks())
    tokenizer = kind.learn(chunks, size=size)

    def build(folder: Path) -> None:
        (folder / "tokenizer.json").write_text(json.dumps(tokenizer.to_json()), encoding="utf-8")

    cache.publish(
        key, build, kind="tokenizer", about={"tokenizer": kind.name, "content_hash": content_hash}
    )
    return tokenizer


def _reporter(
    step: str, source: TextSource, progress: Progress | None
) -> Callable[[int], None] | None:
    """Turns bytes as they are read into calls of `progress` with the bytes read so far."""
    if progress is None:
        return None
    done = 0

    def read(count: int) -> None:
        nonlocal done
        done += count
        progress(step, done, source.size)

    return read
