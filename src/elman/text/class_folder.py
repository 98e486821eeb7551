"""Folders whose names are classes, with a text a file: train/sports/0001.txt."""

from __future__ import annotations

import re
from collections import Counter
from functools import partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

from elman.errors import InputError
from elman.text.byte_decoding import cut_in_chunks
from elman.text.files import CHUNK, Document, TextSource
from elman.text.formats.folders import SPLITS
from elman.text.formats.row_file import json_line, row_format_of
from elman.text.rows import MAX_TEXT_LENGTH
from elman.text.tables import FASTTEXT, JSON_SUFFIXES, TABLE_SUFFIXES, suffix_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence


_ABOUT = re.compile(r"readme|license|licence", re.IGNORECASE)
_MIN_FILES, _MIN_OF_CLASS = 10, 2
_MAX_MEDIAN = 1 << 16  # bytes; longer files are books and not examples
_LISTED = 5  # classes


class ClassFiles(NamedTuple):
    """The files of a folder of classes.

    Attributes:
        root: the folder that holds the classes.
        by_class: the files of each class.
    """

    root: Path
    by_class: dict[str, list[Path]]


class ClassFolder(TextSource):
    """The texts of a folder of classes as rows; one file is open at a time.

    Args:
        source: the files.
        files: their classes.
    """

    def __init__(self, source: TextSource, files: ClassFiles) -> None:
        self.__dict__.update(source.__dict__)
        self._classes = files

    def documents(self, read: Callable[[int], None] | None = None) -> Iterator[Document]:
        """One document, whose lines are the texts with their classes as JSON. Files without text
        are left out and counted."""
        opened = partial(self._rows, list(super().documents(read)))
        yield Document(f"{self._classes.root}/", lambda: cut_in_chunks(opened(), CHUNK))

    def _rows(self, documents: Sequence[Document]) -> Iterator[str]:
        root, by_class = self._classes
        class_of = {str(path): name for name, paths in by_class.items() for path in paths}
        left_out: Counter[str] = Counter()
        left_out["that are hidden or no text"] = self._others()
        for document in documents:
            label = class_of.get(document.name)
            if label is None:
                left_out["about the data"] += 1
                continue
            text = whole_text(document)
            if text.isspace() or not text:
                left_out["without text"] += 1
            else:
                yield json_line({"text": text, "label": label})
        counts = ", ".join(f"{count:,} {why}" for why, count in left_out.items() if count)
        if counts:
            self._notes[str(root)] = [f"files left out: {counts}"]

    def _others(self) -> int:
        """The number of files in the folders of the classes that are no texts."""
        folders = {path.parent for paths in self._classes.by_class.values() for path in paths}
        files = sum(path.is_file() for folder in folders for path in folder.iterdir())
        return files - sum(map(len, self._classes.by_class.values()))


def with_classes(source: TextSource) -> TextSource:
    """The source as a folder of classes, where it is one; else the same."""
    files = class_files(source.names)
    if files is None:
        return source
    first = next(iter(source.documents()), None)
    head = "" if first is None else next(iter(first.chunks()), "")
    return source if head.startswith(FASTTEXT) else ClassFolder(source, files)


def class_files(names: Sequence[str]) -> ClassFiles | None:
    """The files of a folder of classes, by their names; None where they are no texts, or not in
    two folders or more beside each other."""
    if _holds_rows(names):
        return None
    paths = [Path(each) for each in names]
    kept = [path for path in paths if not _ABOUT.match(path.name)]
    roots = {path.parent.parent for path in kept}
    by_class: dict[str, list[Path]] = {}
    for path in kept:
        by_class.setdefault(path.parent.name, []).append(path)
    if len(roots) != 1 or len(by_class) < 2 or any(not name for name in by_class):
        return None
    return ClassFiles(roots.pop(), by_class)


def _holds_rows(names: Sequence[str]) -> bool:
    tables = (*TABLE_SUFFIXES, *JSON_SUFFIXES)
    return any(suffix_of(each) in tables or row_format_of(each) is not None for each in names)


def classes_in(names: Sequence[str]) -> str | None:
    """What shows that files are the texts of classes: a few folders of short files; None if
    nothing.

    Raises:
        InputError: they are several splits of such texts.
    """
    files = class_files(names)
    if files is None:
        _check_splits(names)
        return None
    if not _are_examples(files):
        return None
    by_class = files.by_class
    listed = ", ".join(list(by_class)[:_LISTED])
    more = f" and {len(by_class) - _LISTED} more" if len(by_class) > _LISTED else ""
    return f"a folder for each class, {listed}{more}"


def _are_examples(files: ClassFiles) -> bool:
    """Whether there are enough files, and short ones, to be one example each."""
    counts = [len(paths) for paths in files.by_class.values()]
    if sum(counts) < _MIN_FILES or min(counts) < _MIN_OF_CLASS:
        return False
    sizes = [path.stat().st_size for paths in files.by_class.values() for path in paths]
    return median(sizes) <= _MAX_MEDIAN


def texts_among(names: Sequence[str], *, one_per_file: bool) -> set[str] | None:
    """The files of a folder that are one text each; None where the texts stand in lines or rows.

    Args:
        names: of the text files in the folder.
        one_per_file: whether a file was one text in training.
    """
    if _holds_rows(names):
        return None
    files = class_files(names)
    if not one_per_file and (files is None or not _are_examples(files)):
        return None
    return {name for name in names if not _ABOUT.match(Path(name).name)}


def _check_splits(names: Sequence[str]) -> None:
    by_split: dict[Path, list[str]] = {}
    for name in names:
        path = Path(name)
        if len(path.parts) > 2 and path.parent.parent.name.lower() in SPLITS:
            by_split.setdefault(path.parent.parent, []).append(name)
    named = sum(map(len, by_split.values()))
    if len(by_split) > 1 and named == len([n for n in names if not _ABOUT.match(Path(n).name)]):
        train = next((path for path in by_split if "train" in path.name.lower()), None)
        raise InputError(
            f"it holds the splits {', '.join(path.name for path in by_split)}",
            location=str(next(iter(by_split)).parent),
            hint=f"Name one: {train or next(iter(by_split))}; all as running text: --task language",
        )


def whole_text(document: Document) -> str:
    """The text of a document.

    Raises:
        InputError: it is longer than a text may be.
    """
    parts, length = [], 0
    for chunk in document.chunks():
        parts.append(chunk)
        length += len(chunk)
        if length > MAX_TEXT_LENGTH:
            raise InputError(
                f"the text has more than {MAX_TEXT_LENGTH // 1_000_000} million characters",
                location=document.name,
                hint="Split it into several texts",
            )
    return "".join(parts)
