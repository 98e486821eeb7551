"""The two files of a corpus: `ids.bin`, its tokens, and `corpus.json`, its metadata.

Shapes: N tokens in the corpus, V tokens in the vocabulary.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from elman.errors import EmptyTextError, InputError
from elman.text.files import END_OF_DOCUMENT
from elman.text.tokenizers.tokenizer import BOUNDARY

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from elman.text.files import Document, TextSource
    from elman.text.tokenizers.tokenizer import Tokenizer


_STEP = 1 << 20
_COUNTS = ("characters", "words", "documents", "tokens")


class TextCount:
    """Counts the characters and words of a text that arrives in chunks."""

    def __init__(self) -> None:
        self.characters = 0
        self.words = 0
        self._is_in_word = False

    def add(self, chunk: str) -> None:
        if not chunk:
            return
        self.characters += len(chunk)
        # A word cut by the chunks was counted with the first of them.
        self.words += len(chunk.split()) - (self._is_in_word and not chunk[0].isspace())
        self._is_in_word = not chunk[-1].isspace()

    def end_document(self) -> None:
        self._is_in_word = False


def dtype_for(tokenizer: Tokenizer) -> np.dtype[Any]:
    """The smallest type for tokens; little-endian on every machine, so that files are portable."""
    return np.dtype("<u2") if tokenizer.size <= 1 << 16 else np.dtype("<u4")


def write(
    source: TextSource,
    tokenizer: Tokenizer,
    content_hash: str,
    folder: Path,
    read: Callable[[int], None] | None,
) -> None:
    """Encode a source into a folder.

    Raises:
        InputError: the text cannot be read, or has changed since it was hashed.
        EmptyTextError: there is no text, or only one distinct token.
    """
    writer = _Writer(tokenizer)
    with (folder / "ids.bin").open("wb") as file:
        for document in source.documents(read):
            writer.write(document, file)
    if writer.content.hexdigest() != content_hash:
        raise InputError(
            "changed while it was being read", location=source.name, hint="Wait, and run it again"
        )
    _check_variety(writer, tokenizer, source.name)
    about = {
        "tokenizer": tokenizer.to_json(),
        "content_hash": content_hash,
        "characters": writer.text.characters,
        "words": writer.text.words,
        "documents": writer.documents,
        "tokens": writer.tokens,
    }
    (folder / "corpus.json").write_text(json.dumps(about), encoding="utf-8")


def read(folder: Path, tokenizer: Tokenizer) -> tuple[NDArray[Any], str, dict[str, int]]:
    """The ids (N,), the content hash, and the counts by name.

    Raises:
        ValueError: the files do not match each other or the tokenizer.
        OSError, KeyError, TypeError: a file is missing or damaged.
    """
    about = json.loads((folder / "corpus.json").read_bytes())
    counts = {name: int(about[name]) for name in _COUNTS}
    ids: NDArray[Any] = np.memmap(folder / "ids.bin", dtype=dtype_for(tokenizer), mode="r")
    if len(ids) != counts["tokens"] or about["tokenizer"] != tokenizer.to_json():
        raise ValueError("not the tokens of this tokenizer")
    return ids, str(about["content_hash"]), counts


def count(ids: NDArray[Any], tokenizer: Tokenizer) -> tuple[int, int, int]:
    """The numbers of characters, words and documents of the decoded ids (N,), in bounded memory."""
    text, decoder = TextCount(), tokenizer.decoder()
    documents = int(ids[0] != BOUNDARY)
    for start in range(0, len(ids), _STEP):
        block = ids[start : start + _STEP]
        borders = np.flatnonzero(block == BOUNDARY)
        documents += len(borders)
        for number, part in enumerate(np.split(block, borders)):
            if number:  # it begins with BOUNDARY
                text.add(decoder.finish())
                text.end_document()
            text.add("".join(map(decoder.feed, part.tolist())))
    text.add(decoder.finish())
    return text.characters, text.words, documents


class _Writer:
    """Writes documents as tokens, and counts and hashes them."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.content = hashlib.sha256()
        self.text = TextCount()
        self.documents = 0
        self.tokens = 0
        self.lowest, self.highest = tokenizer.size, 0
        self._tokenizer = tokenizer
        self._dtype = dtype_for(tokenizer)

    def write(self, document: Document, file: BinaryIO) -> None:
        self._put([BOUNDARY], file)
        self.documents += 1
        is_cut = False
        for chunk in document.chunks():
            self.content.update(chunk.encode())
            self.text.add(chunk)
            if is_cut:
                self._put(self._tokenizer.seam, file)
            is_cut = not chunk.endswith("\n")
            tokens = self._tokenizer.encode(chunk)
            self.lowest = min(self.lowest, int(tokens.min()))
            self.highest = max(self.highest, int(tokens.max()))
            self._put(tokens, file)
        self.text.end_document()
        self.content.update(END_OF_DOCUMENT)

    def _put(self, tokens: Any, file: BinaryIO) -> None:
        file.write(np.asarray(tokens, dtype=self._dtype).data)
        self.tokens += len(tokens)


def _check_variety(writer: _Writer, tokenizer: Tokenizer, location: str) -> None:
    if writer.text.characters == 0:
        raise EmptyTextError("holds no text", location=location, hint="Name a file with text in it")
    if writer.lowest == writer.highest:
        only = tokenizer.decode([writer.lowest])
        raise EmptyTextError(
            f"holds only one distinct token, {only!r}",
            location=location,
            hint="A model has nothing to learn; add text, or choose --tokenizer character",
        )
