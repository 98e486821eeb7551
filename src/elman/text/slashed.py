"""Tagged sentences of one line each, a tag behind each word: The/DT dog/NN barks/VBZ ./.

The Brown corpus and taggers of the Penn Treebank write a slash, Stanford's tagger an underscore,
others a bar. The last separator of a token divides it, so 1\\/2/CD is the word 1/2.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from elman.errors import InputError
from elman.text.conll import ConllLayout, TaggedSentence, canonical_tag

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


NOTE = "each line is a sentence, with a tag behind each word"

_SEPARATORS = ("/", "_", "|")
_TAG = re.compile(r"[A-Za-z][\w$*+-]*|[^\w\s]{1,3}")
_MOST = 0.9  # of the lines, and of the tokens of each, are of the format
_MIN_WORDS = 2  # of a line, in the mean
_MAX_TAGS = 0.4  # distinct tags, by words, beyond the first few
_FEW = 12
_SKIP = "Fix it, or skip such sentences: --skip-bad-rows"


def separator_of(line: str) -> str | None:
    """The separator in a line of at least two words, each with a tag behind it; None for others."""
    tokens = line.split()
    if len(tokens) < _MIN_WORDS or "\t" in line.strip() or "://" in line:
        return None
    for separator in _SEPARATORS:
        parts = [token.rpartition(separator) for token in tokens]
        if all(word and _TAG.fullmatch(tag) for word, _, tag in parts):
            return separator
    return None


def slashed_in(lines: Sequence[str]) -> str | None:
    """The separator if these first lines of a file are sentences of words with tags, and the tags
    recur; None where they are not."""
    filled = [line for line in lines if line.strip()]
    found = [separator_of(line) for line in filled]
    for separator in _SEPARATORS:
        chosen = [line for line, each in zip(filled, found, strict=True) if each == separator]
        tags = [token.rpartition(separator)[2] for line in chosen for token in line.split()]
        if len(chosen) >= max(2, _MOST * len(filled)) and len(set(tags)) > 1:
            return separator if len(set(tags)) <= _FEW + _MAX_TAGS * len(tags) else None
    return None


def slashed_sentences(
    separator: str, lines: Iterable[tuple[int, str]], name: str
) -> Iterator[TaggedSentence | InputError]:
    """The sentences, each as CoNLL would write it; or why one cannot be read.

    Args:
        separator: before each tag.
        lines: their numbers from 1, and the lines.
        name: of the file.
    """
    for number, line in lines:
        tokens = line.split()
        if not tokens:
            continue
        parts = [token.rpartition(separator) for token in tokens]
        bad = next((t for t, (word, _, _) in zip(tokens, parts, strict=True) if not word), None)
        if bad is not None:
            yield InputError(
                f"{bad[:40]!r} has no tag behind {separator!r}",
                location=f"{name}:{number}",
                hint=_SKIP,
            )
            continue
        words = [word.replace(f"\\{separator}", separator) for word, _, _ in parts]
        tags = tuple(canonical_tag(tag) for _, _, tag in parts)
        yield TaggedSentence(
            words=tuple(words),
            tags=tags if all(tags) else None,
            name=name,
            lines=(*(f"{word}\t{tag}\n" for word, tag in zip(words, tags, strict=True)), "\n"),
            rows=tuple(range(len(words))),
            first=number,
            layout=ConllLayout("conll", 2, word=1, tag=2, tabs=True),
        )
