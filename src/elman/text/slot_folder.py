"""Folders with the words, slots and intents of requests in three files, as SNIPS and ATIS have.

`seq.in` has a sentence a line, `seq.out` its tags and `label` its class (Goo et al. 2018,
'Slot-Gated Modeling for Joint Slot Filling and Intent Prediction').
"""

from __future__ import annotations

from functools import partial
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

from elman.errors import InputError
from elman.text.byte_decoding import cut_in_chunks
from elman.text.files import CHUNK, Document, TextSource
from elman.text.formats.row_file import json_line
from elman.text.lines import lines_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence


WORDS, TAGS, LABEL = "seq.in", "seq.out", "label"


class SlotFolder(TextSource):
    """Two files of a folder, line by line, as rows of JSON.

    Args:
        source: the files.
        answers: the name of the second file, TAGS or LABEL.
    """

    def __init__(self, source: TextSource, answers: str) -> None:
        self.__dict__.update(source.__dict__)
        self._answers = answers

    def documents(self, read: Callable[[int], None] | None = None) -> Iterator[Document]:
        """One document, whose lines are the sentences with their answers as JSON."""
        by_name = {Path(each.name).name: each for each in super().documents(read)}
        words, answers = by_name[WORDS], by_name[self._answers]
        opened = partial(_rows, words, answers, is_tags=self._answers == TAGS)
        yield Document(words.name, lambda: cut_in_chunks(opened(), CHUNK))


def with_slots(source: TextSource, answers: str) -> TextSource:
    """The source as the sentences of a folder and their answers, where it is one; else the same.

    Args:
        source: the files.
        answers: TAGS or LABEL.
    """
    files = _files_of(source.names)
    return SlotFolder(source, answers) if {WORDS, answers} <= files else source


def slots_in(names: Sequence[str]) -> str | None:
    """What shows that files are words with tags; None if nothing.

    Raises:
        InputError: they have classes as well, so the task has to be named.
    """
    files = _files_of(names)
    if {WORDS, TAGS, LABEL} <= files:
        raise InputError(
            f"it holds sentences with slots ({TAGS}) and intents ({LABEL})",
            location=str(Path(names[0]).parent),
            hint="Name what to learn: --task tag or --task classify",
        )
    return f"words in {WORDS}, tags in {TAGS}" if {WORDS, TAGS} <= files else None


def intents_in(names: Sequence[str]) -> str | None:
    """What shows that files are sentences with a class each; None if nothing."""
    files = _files_of(names)
    return f"texts in {WORDS}, labels in {LABEL}" if files == {WORDS, LABEL} else None


def _files_of(names: Sequence[str]) -> set[str]:
    """The names of the files in one folder; empty where there are several folders."""
    paths = [Path(each) for each in names]
    return {path.name for path in paths} if len({path.parent for path in paths}) == 1 else set()


def _rows(words: Document, answers: Document, *, is_tags: bool) -> Iterator[str]:
    pairs = zip_longest(lines_of(words.chunks()), lines_of(answers.chunks()))
    for number, (sentence, answer) in enumerate(pairs, start=1):
        if not (sentence or "").strip() and not (answer or "").strip():
            yield "\n"
            continue
        if sentence is None or answer is None:
            longer, shorter = (answers, words) if sentence is None else (words, answers)
            raise InputError(
                f"has more lines than {shorter.name}",
                location=f"{longer.name}:{number}",
                hint="Give each sentence a line in both files",
            )
        if is_tags:
            yield json_line({"tokens": sentence.split(), "tags": answer.split()})
        else:
            yield json_line({"text": sentence, "label": answer.strip()})
