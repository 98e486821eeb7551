"""The source code of Python as tagged sentences; the tags come from `tokenize` and `ast`.

A sentence is one logical line. Strings and comments are split into words at white space: a CoNLL
word has none, users split a typed line in the same way, and a tagger must remember that it is
inside a comment to tag an `if` there. A long string or comment keeps only its first words and the
last. Since line ends are not tokens, a comment must end its sentence: a comment within a statement
that continues on a later line is a separate sentence.
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
"""The most words of one string or comment; without it docstrings would be a third of all tokens."""

_GENERATED = ("encodings/", "_sysconfigdata")
"""Generated modules: near-copies of each other, or tables of values."""


class PythonSentence(NamedTuple):
    """The tokens of one logical line, and a tag for each."""

    words: list[str]
    tags: list[str]


def sentences_of_python(limit: int = 180_000) -> Split[PythonSentence]:
    """Logical lines of the standard library of the running Python.

    Files are taken in the order of a hash until the limit is reached; each is in one set only.

    Args:
        limit: the most tokens of the training set; the validation and test sets have a fifth each.
    """
    files = (file for file in files_of_python() if not file[0].startswith(_GENERATED))
    parts = divide(sorted(files, key=lambda file: hash_of(file[0])), key=lambda file: file[0])
    fifth = limit // 5
    return Split(_up_to(limit, parts.train), _up_to(fifth, parts.valid), _up_to(fifth, parts.test))


def _up_to(limit: int, files: Iterable[tuple[str, Path]]) -> list[PythonSentence]:
    sentences: list[PythonSentence] = []
    for _, path in files:
        try:
            with tokenize.open(path) as file:
                source = file.read()
            tagged = tagged_sentences(source)
        except (OSError, SyntaxError, ValueError):  # test files with invalid syntax
            continue
        for sentence in tagged:
            limit -= len(sentence.words)
            if limit < 0:
                return sentences
            sentences.append(sentence)
    return sentences


def tagged_sentences(source: str) -> list[PythonSentence]:
    """The logical lines of a source, and the comments that are not at the end of a statement.

    Raises:
        SyntaxError: it is not valid Python.
        ValueError: it holds a null character.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # old modules have invalid escape sequences
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
            position = IdentifierUse(row, len(lines[row - 1][:column].encode()))
            line.add_name(token.string, roles.get(position))
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
    """Collects the words and tags of a logical line."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self.tags: list[str] = []

    def add(self, words: list[str], tags: list[str]) -> None:
        self.words += words
        self.tags += tags

    def add_operator(self, text: str) -> None:
        self.add([text], ["decorator" if text == "@" and not self.words else "operator"])

    def add_name(self, text: str, role: str | None) -> None:
        self.add([text], [role or self._role_without_node(text)])

    def _role_without_node(self, text: str) -> str:
        """The role of a name without a node in the syntax tree."""
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
    """The tokens of a source; an f-string is one token, as before Python 3.12."""
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
