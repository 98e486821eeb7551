"""Convert the inputs of a language model to texts."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path

from elman.data.cache import Cache
from elman.data.corpus import Corpus
from elman.errors import EmptyTextError, SettingError
from elman.text.column_texts import check_running_text
from elman.text.files import TextSource
from elman.text.progress import ProgressCallback
from elman.text.tokenizers.tokenizer import Tokenizer

TextInput = str | os.PathLike[str] | TextSource | Sequence[str] | Sequence[os.PathLike[str]]
"""A text (str), a file or folder (Path), a list of either, or a `TextSource`."""


def source_of(text: TextInput) -> TextSource:
    """Convert an argument of `fit` or `score` to a source; warn where a str names a file.

    Raises:
        SettingError: it is not a `TextInput`.
        InputError: it is a table.
    """
    if isinstance(text, TextSource):
        return _running_text(text)
    if isinstance(text, str):
        if _is_file(text):
            warnings.warn(
                f"the text is the name of a file; for what is in it: Path({text!r})", stacklevel=2
            )
        return TextSource.from_texts([text])
    if isinstance(text, os.PathLike):
        return _running_text(TextSource([text]))
    if not isinstance(text, Iterable):
        raise SettingError(f"{type(text).__name__} is not a text", location="text")
    texts = [part for part in text if isinstance(part, str)]
    paths = [part for part in text if isinstance(part, os.PathLike)]
    if texts and not paths:
        return TextSource.from_texts(texts)
    if paths and not texts:
        return _running_text(TextSource(paths))
    raise SettingError("expected texts (str) or files (Path), all of a kind", location="text")


def _running_text(source: TextSource) -> TextSource:
    check_running_text(source)
    return source


def prepared(
    text: TextInput,
    valid: TextInput | None,
    tokenizer: type[Tokenizer],
    cache: Cache,
    progress: ProgressCallback | None,
) -> tuple[Corpus, Corpus]:
    """Training and validation corpus, with a vocabulary learned from the first text.

    Args:
        text: the training text.
        valid: the validation text; None: split the training text.
        tokenizer: learns the vocabulary.
        cache: stores the corpora.
        progress: called while texts are read.

    Raises:
        InputError: a text cannot be read, or is too short to split.
        OutputError: the cache cannot be written.
    """
    corpus = Corpus.prepare(source_of(text), tokenizer, cache=cache, progress=progress)
    if valid is None:
        train, held_out = corpus.split()
    else:
        train = corpus
        held_out = Corpus.prepare(
            source_of(valid), corpus.tokenizer, cache=cache, progress=progress
        )
    cache.evict(keep={part.key.partition("+")[0] for part in (train, held_out)})
    return train, held_out


def check_length(text: TextInput, corpus: Corpus, time: int) -> None:
    """Check that a corpus has at least one training window.

    Args:
        text: as given, for the hint.
        corpus: the training corpus.
        time: tokens of a window.

    Raises:
        EmptyTextError: it is too short.
    """
    if len(corpus) > time:
        return
    hint = "Give it more text: a few thousand words at least."
    if isinstance(text, str) and _is_file(text):
        hint = f"A str is the text itself; for the file: Path({text!r})."
    raise EmptyTextError(
        f"there are {len(corpus) - 1} {corpus.tokenizer.name}s to learn from, fewer than one "
        f"training window of {time}",
        location=text.name if isinstance(text, TextSource) else "text",
        hint=hint,
    )


def _is_file(text: str) -> bool:
    try:
        return Path(text).is_file()
    except (OSError, ValueError):  # too long, or not a path
        return False
