"""Python's own source as tagged sentences: each token with what `tokenize` and `ast` say it is.

A sentence is one logical line. Strings and comments are cut at white space into words, for three
reasons: a CoNLL word holds none; `if` in a comment is then another thing than `if` in a statement,
so that a reader has to remember what it is inside of; and one who types a line cuts it so too. Of
a long string or comment the first words and the last stand for the whole. A comment that something
follows on a later line of its statement is a sentence of its own: a line's end is not seen, so a
comment has to end its sentence.
"""

from __future__ import annotations

import ast
import io
import keyword
import tokenize
import warnings
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from elman.examples.python_roles import IdentifierUse, roles_of_identifiers
from elman.examples.split import Split, divide, hash_of
from elman.examples.standard_library import files_of_python

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


TAGS = (
    "attribute",
    "builtin",
    "class",
    "comment",
    "decorator",
    "function",
    "keyword",
    "module",
    "number",
    "operator",
    "parameter",
    "string",
    "variable",
)
MAX_WORDS = 8
"""Of one string or comment; docstrings would be a third of everything otherwise."""

_TABLES = ("encodings/", "_sysconfigdata")
"""Modules that a program wrote: near-copies of each other, or of nothing but values."""


class PythonSentence(NamedTuple):
    """Tokens of one logical line, and a tag for each."""

    words: list[str]
    tags: list[str]


def sentences_of_python(limit: int = 180_000) -> Split[PythonSentence]:
    """Logical lines of the standard library of the Python that runs.

    Args:
        limit: tokens to train on, at most; a fifth of it each to choose with and to score on.

    Files are taken in an order that looks drawn by lot and is always the same, whole until the
    limit is reached, and none is in two parts.
    """
    files = (file for file in files_of_python() if not file[0].startswith(_TABLES))
    parts = divide(sorted(files, key=lambda file: hash_of(file[0])), key=lambda file: file[0])
    fifth = limit // 5
    return Split(_up_to(limit, parts.train), _up_to(fifth, parts.valid), _up_to(fifth, parts.test))


def _up_to(limit: int, files: Iterable[tuple[str, Path]]) -> list[PythonSentence]:
    sentences: list[PythonSentence] = []
    for _, path in files:
        try:
            with tokenize.open(path) as file:
                source = file.read()
            found = tagged_sentences(source)
        except (OSError, SyntaxError, ValueError):  # kept to show what is no Python
            continue
        for sentence in found:
            limit -= len(sentence.words)
            if limit < 0:
                return sentences
            sentences.append(sentence)
    return sentences


def tagged_sentences(source: str) -> list[PythonSentence]:
    """Every logical line of a source, and every comment that is none of a statement's end.

    Raises:
        SyntaxError: it is no Python.
        ValueError: it holds a null character.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # old modules have odd escapes, which is not our news
        roles = roles_of_identifiers(ast.parse(source))
    sentences = []
    lines = source.split("\n")
    line = _Line()
    for token, following in pairwise(_tokens(source, lines)):
        if token.type == tokenize.COMMENT and following.type != tokenize.NEWLINE:
            sentences.append(PythonSentence(*_cut(token.string, "comment")))
        elif token.type == tokenize.NEWLINE:
            sentences.append(PythonSentence(line.words, line.tags))
            line = _Line()
        elif token.type == tokenize.NAME:
            row, column = token.start
            place = IdentifierUse(row, len(lines[row - 1][:column].encode()))
            line.add_name(token.string, roles.get(place))
        elif token.type in _LITERALS:
            line.add(*_cut(token.string, _LITERALS[token.type]))
        elif token.type == tokenize.OP:
            line.add_operator(token.string)
    return sentences


_LITERALS = {
    tokenize.NUMBER: "number",
    tokenize.STRING: "string",
    tokenize.COMMENT: "comment",
}


class _Line:
    """A logical line as it grows."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self.tags: list[str] = []

    def add(self, words: list[str], tags: list[str]) -> None:
        self.words += words
        self.tags += tags

    def add_operator(self, text: str) -> None:
        self.add([text], ["decorator" if text == "@" and not self.words else "operator"])

    def add_name(self, text: str, role: str | None) -> None:
        self.add([text], [role or self._without_a_place(text)])

    def _without_a_place(self, text: str) -> str:
        """What a name is that stands in no node of the tree."""
        before = self.words[-1] if self.words else ""
        if keyword.iskeyword(text):
            return "keyword"
        if before in {"def", "class"}:
            return "function" if before == "def" else "class"
        if ("from" in self.words) != ("import" in self.words):
            return "module"
        return "keyword" if keyword.issoftkeyword(text) and before != "as" else "variable"


def _cut(text: str, tag: str) -> tuple[list[str], list[str]]:
    words = text.split()
    if len(words) > MAX_WORDS:
        words[MAX_WORDS - 1 : -1] = []
    return words, [tag] * len(words)


def _tokens(source: str, lines: list[str]) -> Iterator[tokenize.TokenInfo]:
    """The tokens of a source; an f-string is one, as it was before Python 3.12."""
    depth = 0
    start = (1, 0)
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        name = tokenize.tok_name[token.type]
        if name == "FSTRING_START":
            start = start if depth else token.start
            depth += 1
        elif name == "FSTRING_END":
            depth -= 1
            if not depth:
                text = _between(lines, start, token.end)
                yield tokenize.TokenInfo(tokenize.STRING, text, start, token.end, token.line)
        elif not depth:
            yield token


def _between(lines: list[str], start: tuple[int, int], end: tuple[int, int]) -> str:
    rows = lines[start[0] - 1 : end[0]]
    rows[-1] = rows[-1][: end[1]]
    rows[0] = rows[0][start[1] :]
    return "\n".join(rows)
