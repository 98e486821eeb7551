"""Tagged words in tables with a header: CSV, and any table with a column of sentences."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, NamedTuple

from elman.errors import InputError
from elman.text.conll import (
    WORD_NAMES,
    ConllLayout,
    RequestedTags,
    TaggedSentence,
    canonical_tag,
    is_header,
    tag_column,
)
from elman.text.lines import csv_rows
from elman.text.tables import DELIMITERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


_SENTENCE_NAMES = frozenset(
    {"sentence #", "sentence", "sentence_id", "sentence_idx", "sent_id", "sent", "sentence id"}
    | {"sentence_number", "sentence_num", "sentence no", "sentence_no", "sentenceid", "sentence#"}
)
_SKIP = "Fix it, or skip such sentences: --skip-bad-rows"


class TagTable(NamedTuple):
    """The columns of a table of tagged words, counted from 0.

    Attributes:
        delimiter: of the cells.
        names: of all columns.
        word, tag: of the word and its tag.
        sentence: of a cell that is another one in each sentence, or stands in its first row only;
            None: blank lines separate sentences.
    """

    delimiter: str
    names: tuple[str, ...]
    word: int
    tag: int
    sentence: int | None

    @property
    def in_words(self) -> str:
        """The columns in words."""
        parts = [f"words in column {self.names[self.word]}", f"tags in {self.names[self.tag]}"]
        if self.sentence is not None:
            parts.append(f"sentences in {self.names[self.sentence]}")
        return ", ".join(parts)


def tag_table(line: str, requested: RequestedTags | None = None) -> TagTable | None:
    """The table of tagged words whose header is this line; None where it is none.

    Tables with tabs are CoNLL unless a column says which sentence a word is in.

    Args:
        line: the first line of a file that is not blank.
        requested: the columns to read; None: the likeliest.
    """
    requested = requested or RequestedTags()
    for delimiter in DELIMITERS:
        if delimiter not in line:
            continue
        try:
            names = tuple(name.strip() for name in next(csv_rows([line], delimiter)))
        except csv.Error:
            continue
        folded = [name.casefold().lstrip("\ufeff") for name in names]
        sentence = next((folded.index(name) for name in folded if name in _SENTENCE_NAMES), None)
        if not is_header(names) or (delimiter == "\t" and sentence is None):
            continue
        word = next(column for column, name in enumerate(folded) if name in WORD_NAMES)
        return TagTable(
            delimiter,
            names,
            (requested.word or word + 1) - 1,
            (requested.tag or tag_column(folded)) - 1,
            sentence,
        )
    return None


def table_sentences(
    table: TagTable, lines: Iterable[tuple[int, str]], name: str
) -> Iterator[TaggedSentence | InputError]:
    r"""The sentences of a table, each as CoNLL would write it; or why one cannot be read.

    Args:
        table: its columns.
        lines: after the header: their numbers from 1, and the lines.
        name: of the file.
    """
    rows: list[tuple[int, str, str]] = []
    mark: str | None = None
    bad: InputError | None = None
    for number, line in lines:
        cells = [cell.strip() for cell in _cells(line, table.delimiter)]
        is_end = not any(cells)
        if not is_end and table.sentence is not None and table.sentence < len(cells):
            now = cells[table.sentence]
            is_end = bool(rows or bad) and now not in ("", mark)
            mark = now or mark
        if is_end and (rows or bad):
            yield bad or tagged_sentence(rows, name)
            rows, bad = [], None
        if not any(cells):
            continue
        location = f"{name}:{number}"
        if len(cells) != len(table.names):
            cause = f"expected {len(table.names)} columns, found {len(cells)}"
            bad = bad or InputError(cause, location=location, hint=_SKIP)
        elif not cells[table.word]:
            bad = bad or InputError("the word is empty", location=location, hint=_SKIP)
        else:
            rows.append((number, cells[table.word], canonical_tag(cells[table.tag])))
    if rows or bad:
        yield bad or tagged_sentence(rows, name)


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv_rows([line], delimiter), [])
    except csv.Error:  # a lone quote, as in an unquoted table
        return line.rstrip("\r\n").split(delimiter)


def tagged_sentence(rows: Sequence[tuple[int, str, str]], name: str) -> TaggedSentence:
    """A sentence as CoNLL would write it.

    Args:
        rows: the line of each word, the word and its tag; an empty tag where it has none.
        name: of the file.
    """
    tags = tuple(tag for _, _, tag in rows)
    return TaggedSentence(
        words=tuple(" ".join(word.split()) for _, word, _ in rows),
        tags=tags if all(tags) else None,
        name=name,
        lines=(*(f"{' '.join(word.split())}\t{tag}\n" for _, word, tag in rows), "\n"),
        rows=tuple(range(len(rows))),
        first=rows[0][0],
        layout=ConllLayout("conll", 2, word=1, tag=2, tabs=True),
    )
