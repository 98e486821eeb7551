"""What `elman predict` writes of a tagger: each sentence again, with the model's tags."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import TYPE_CHECKING, Any

from elman.console.terminal import json_line, say
from elman.errors import EmptyTextError, InputError
from elman.ranges import listed
from elman.tasks.options import reader_options
from elman.tasks.predictions import PredictionLines, PredictionWriter
from elman.tasks.tagging.running_text import is_running_text, sentences_of
from elman.text.conll import (
    FORMAT,
    LINE_ENDS,
    ConllLayout,
    TaggedSentence,
    is_blank,
    may_be_comment,
)
from elman.text.example_reader import ExampleReader
from elman.text.lines import lines_of
from elman.text.sentence_reader import SentenceReader
from elman.text.tagged_table import tag_table

if TYPE_CHECKING:
    from elman.tasks.predictions import PredictionRequest
    from elman.tasks.tagging.model import Tagger
    from elman.text.files import Document

_SHOWN = 10  # tags in a message


def write_predictions(model: Tagger, request: PredictionRequest) -> Iterator[PredictionLines]:
    """Each sentence as it was written, with the model's tags; or a JSON object for each. Running
    text is written one word a line.

    Raises:
        InputError: they cannot be read, or are not sentences of one word a line; SettingError: an
            option is out of range.
    """
    return TagWriter(model, request).lines()


class TagWriter(PredictionWriter["TaggedSentence | str"]):
    """See `write_predictions`. Its items are sentences, and what stands between and after them."""

    def __init__(self, model: Tagger, request: PredictionRequest) -> None:
        super().__init__(request)
        self.model = model
        self.count = request.count or 1
        self.column: int | None = request.options.get("column")
        self.reader_options = reader_options(request.options, "column", "word-column")
        self.tail = ""  # of the last document

    def size(self, item: TaggedSentence | str) -> int:
        return len(item) if isinstance(item, str) else sum(map(len, item.lines))

    def answers(self, batch: list[TaggedSentence | str]) -> Iterator[PredictionLines]:
        sentences = [each for each in batch if not isinstance(each, str)]
        words = [each.words for each in sentences]
        written: Iterable[str]
        if self.json:
            found = self.model.predict_best(words, self.count) if words else []
            written = map(self._as_json, sentences, found)
        else:
            tags = iter(self.model.predict(words) if words else ())
            written = (
                each if isinstance(each, str) else each.with_tags(next(tags)) for each in batch
            )
        yield PredictionLines("".join(written), len(sentences))

    def read(self, document: Document) -> Iterator[TaggedSentence | str]:
        """The sentences, and what stands after the last one."""
        reader = SentenceReader(
            document.name,
            **self.reader_options,
            tags_needed=False,
            check_layout=self._check_first,
        )
        self.readers[document.name] = reader
        lines = lines_of(document.chunks(), keep_ends=True)
        before, row = _first_row(lines)
        every = chain(before, lines)
        is_text = is_running_text(row, self.model.tags_)
        if is_text and not self.has_texts:
            say(f"{document.name}: running text; each line is a sentence, split into words.")
        if is_text or self.has_texts:
            yield from sentences_of(every, document.name)
            return
        _check_no_table(row, f"{document.name}:{len(before)}", document.name)
        sentence = None
        for sentence in reader.sentences(every):
            # A file may end without the blank line that another one needs before it.
            if self.tail:
                yield _until_blank(self.tail)
                self.tail = ""
            yield sentence
        if sentence is None:
            left_out = f" ({reader.skipped:,} left out)" if reader.skipped else ""
            raise EmptyTextError(
                f"holds no sentence{left_out}", location=document.name, hint=FORMAT
            )
        yield reader.trailing_lines
        self.tail = reader.trailing_lines or "".join(sentence.lines[-2:])

    def _check_first(self, layout: ConllLayout, row: str, location: str) -> None:
        """Check that the last column of the first row holds a tag that the model knows."""
        is_given = self.column is not None or layout.header is not None
        if layout.shape == "conllu" or layout.tag > layout.columns or is_given:
            return
        tag = layout.tag_of(layout.fields(row))
        tags = self.model.tags_
        if tag not in (*tags, "_", ""):
            known = listed(tags[:_SHOWN] + ["others"] * (len(tags) > _SHOWN))
            raise InputError(
                f"the last column, {tag!r:.40}, is not a tag that the model knows ({known})",
                location=location,
                hint="Write one word a line and a blank line after each sentence, or name the "
                f"column to write: --column {layout.columns + 1}",
            )

    def _as_json(self, sentence: TaggedSentence, found: list[tuple[list[str], float]]) -> str:
        (tags, probability), *others = found
        row: dict[str, Any] = {
            "file": sentence.name,
            "line": sentence.line,
            "words": sentence.words,
            "tags": tags,
            "probability": probability,
        }
        if self.count > 1:
            row["alternatives"] = [{"tags": each, "probability": p} for each, p in others]
        return f"{json_line(row)}\n"


def _until_blank(tail: str) -> str:
    """The newlines that are missing after a file's last lines, so that a sentence can follow."""
    if not tail.endswith("\n"):
        return "\n\n"
    return "" if is_blank(tail.splitlines()[-1]) else "\n"


def _first_row(lines: Iterator[str]) -> tuple[list[str], str]:
    """Take the lines up to the first that is neither blank nor a comment, and return them and that
    row, "" if there is none."""
    taken: list[str] = []
    for line in lines:
        taken.append(line)
        if not is_blank(line) and not may_be_comment(line):
            return taken, line.rstrip(LINE_ENDS)
    return taken, ""


def _check_no_table(row: str, location: str, name: str) -> None:
    """Check that the first row is not the header of a table of texts.

    Raises:
        InputError: it is.
    """
    if not row or "\t" in row or tag_table(row):
        return
    table = _table_with_header(row, name)
    if table is not None:
        raise InputError(
            f"these are texts ({table}), and the model tags words", location=location, hint=FORMAT
        )


def _table_with_header(row: str, name: str) -> str | None:
    """What table begins with this row."""
    try:
        return ExampleReader(name).detect_layout([row]).in_words()
    except InputError:
        return None
