"""Tagged words in rows of JSON: lists of words and of tags, or a text with labelled spans."""

from __future__ import annotations

import re
from itertools import chain, pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from elman.errors import InputError
from elman.text.conll import TAG_NAMES, WORD_NAMES, RequestedTags, TaggedSentence
from elman.text.json_array import begins_array, object_lines
from elman.text.json_rows import MISSING, column_names, json_object, value_at
from elman.text.tagged_table import tagged_sentence

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


_TAG_NAMES = TAG_NAMES | {"pos_tags", "chunk_tags", "bio_tags", "iob_tags", "slots", "ner_labels"}
_TEXT_NAMES = ("text", "sentence", "data")
_SPAN_NAMES = ("label", "labels", "spans", "entities")
_WORD = re.compile(r"\w+|[^\w\s]")
_SKIP = "Fix it, or skip such sentences: --skip-bad-rows"
_MAX_FIRST = 100  # rows before the first that shows the columns

Span = tuple[int, int, str]
"""The characters from a start to an end, and their label."""


class TokenColumns(NamedTuple):
    """Where the words and the tags of a row are.

    Attributes:
        words: the column of the list of words; or of a text, where `spans`.
        tags: the column of the list of tags, or of the spans; None where there are none.
        spans: whether the row is a text with labelled spans.
    """

    words: str
    tags: str | None
    spans: bool = False

    @property
    def in_words(self) -> str:
        """The columns in words."""
        if self.spans:
            return f"text in column {self.words}, labelled spans in {self.tags}"
        return f"words in column {self.words}" + (f", tags in {self.tags}" if self.tags else "")


def token_columns(
    row: dict[str, Any], requested: RequestedTags | None = None
) -> TokenColumns | None:
    """The columns of words and tags in an object; None where it has none.

    Args:
        row: the object.
        requested: the numbers of the columns among those of the object; None: the likeliest.
    """
    requested = requested or RequestedTags()
    names = column_names(row)
    lists = [name for name in names if _is_words(value_at(row, name))]
    words = _numbered(names, requested.word) or _named(lists, WORD_NAMES)
    if words is not None and words in lists:
        length = len(value_at(row, words))
        tags = [
            name
            for name in names
            if name != words
            and _are_tags(value_at(row, name))
            and len(value_at(row, name)) == length
        ]
        tag = _numbered(names, requested.tag) or _named(tags, _TAG_NAMES, last=True)
        if tag in tags or not requested.needed:
            return TokenColumns(words, tag if tag in tags else None)
    text = next((each for each in _TEXT_NAMES if isinstance(row.get(each), str)), None)
    spans = next((each for each in _SPAN_NAMES if _are_spans(row.get(each))), None)
    if text is not None and spans is not None:
        return TokenColumns(text, spans, spans=True)
    return None


def columns_in(
    lines: Iterable[str], requested: RequestedTags | None = None
) -> tuple[TokenColumns | None, Iterator[str]]:
    """The columns of the first row that shows them, and all rows, one a line.

    Args:
        lines: of a file, from the beginning.
        requested: see `token_columns`.
    """
    lines = iter(lines)
    before: list[str] = []
    for line in lines:
        before.append(line)
        if line.strip():
            break
    first = before[-1] if before else ""
    rows: Iterator[str] = chain(before, lines)
    if begins_array(first):
        rows = object_lines(rows)
    elif not first.lstrip("\ufeff").startswith("{"):
        return None, rows
    taken: list[str] = []
    found = None
    for line in rows:
        taken.append(line)
        row = json_object(line)
        found = None if row is None else token_columns(row, requested)
        if found is not None or len(taken) >= _MAX_FIRST:
            break
    return found, chain(taken, rows)


def json_sentences(
    columns: TokenColumns, lines: Iterable[str], name: str
) -> Iterator[TaggedSentence | InputError]:
    """The sentences, each as CoNLL would write it; or why one cannot be read.

    Args:
        columns: of each row.
        lines: of the file, an object in each, or blank.
        name: of the file.
    """
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            pairs = _spanned(line, columns) if columns.spans else _listed(line, columns)
        except ValueError as error:
            yield InputError(str(error), location=f"{name}:{number}", hint=_SKIP)
            continue
        if pairs:
            yield tagged_sentence([(number, word, tag) for word, tag in pairs], name)


def _object(line: str) -> dict[str, Any]:
    row = json_object(line)
    if row is None:
        raise ValueError("not an object of JSON")
    return row


def _listed(line: str, columns: TokenColumns) -> list[tuple[str, str]]:
    """The words and tags of a row; an empty tag where it has none.

    Raises:
        ValueError: what is wrong with it.
    """
    row = _object(line)
    words = value_at(row, columns.words)
    tags = MISSING if columns.tags is None else value_at(row, columns.tags)
    if not isinstance(words, list):
        raise ValueError(f"{columns.words} is not a list of words")
    if columns.tags is None or tags is MISSING or tags is None:
        tags = [""] * len(words)
    if not isinstance(tags, list):
        raise ValueError(f"{columns.tags} is not a list of tags")
    if len(tags) != len(words):
        raise ValueError(f"{len(words)} words, but {len(tags)} tags")
    for word in words:
        if not isinstance(word, str) or not word.strip():
            raise ValueError(f"the word {word!r:.40} is empty or no text")
    return list(zip(words, ("" if tag is None else str(tag) for tag in tags), strict=True))


def _spanned(line: str, columns: TokenColumns) -> list[tuple[str, str]]:
    """The words of a text, each with the tag of its span: B- at its start, I- in it, else O.

    Raises:
        ValueError: what is wrong with the row.
    """
    row = _object(line)
    text, given = row.get(columns.words), row.get(columns.tags or "")
    if not isinstance(text, str):
        raise ValueError(f"{columns.words} is not a text")
    spans = sorted(_span(each) for each in given or ())
    for before, after in pairwise(spans):
        if after[0] < before[1]:
            raise ValueError(f"the spans {before[2]!r} and {after[2]!r} overlap")
    if any(not 0 <= start < end <= len(text) for start, end, _ in spans):
        raise ValueError("a span is outside of the text")
    pairs = []
    position, last = 0, -1  # of the first span that has not ended, and of that of the last word
    for match in _WORD.finditer(text):
        while position < len(spans) and spans[position][1] <= match.start():
            position += 1
        tag = "O"
        if position < len(spans) and spans[position][0] < match.end():
            tag = f"{'I' if last == position else 'B'}-{'_'.join(spans[position][2].split())}"
            last = position
        pairs.append((match[0], tag))
    return pairs


def _span(value: Any) -> Span:
    """A span written as [start, end, label] or as an object.

    Raises:
        ValueError: it is neither.
    """
    if isinstance(value, dict):
        start = value.get("start", value.get("start_offset"))
        value = [start, value.get("end", value.get("end_offset")), value.get("label")]
    if isinstance(value, list) and len(value) == 3:
        start, end, label = value
        whole = all(isinstance(each, int) and not isinstance(each, bool) for each in value[:2])
        if whole and isinstance(label, str) and label.strip():
            return start, end, label
    raise ValueError(f"{value!r:.40} is not a span [start, end, label]")


def _is_words(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(each, str) for each in value)


def _are_tags(value: Any) -> bool:
    """Whether a value is a list of names or of numbers of classes."""
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(each, str | int) and not isinstance(each, bool) for each in value)
    )


def _are_spans(value: Any) -> bool:
    if not isinstance(value, list) or not value:
        return False
    try:
        return all(map(_span, value))
    except ValueError:
        return False


def _numbered(names: Sequence[str], number: int | None) -> str | None:
    return names[number - 1] if number is not None and number <= len(names) else None


def _named(names: Sequence[str], known: Iterable[str], *, last: bool = False) -> str | None:
    """The first or the last column whose name, or its last part, is known."""
    found = [name for name in names if name.rpartition(".")[2].casefold() in known]
    return (found[-1] if last else found[0]) if found else None
