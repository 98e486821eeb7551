"""Labelled texts in the usual formats: CSV, TSV, JSON lines, fastText lines."""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING, Unpack

from elman.errors import InputError
from elman.text.class_folder import ClassFolder, with_classes
from elman.text.example_reader import Example, ExampleOptions, ExampleReader
from elman.text.files import TextSource
from elman.text.lines import lines_of
from elman.text.row_source import RowSource
from elman.text.slot_folder import LABEL, with_slots
from elman.text.tables import Shape, TableLayout

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator


class LabelledSource(RowSource[ExampleReader]):
    """Labelled rows of one or several files, which can be read any number of times.

    Args:
        source: the files. Each has its own layout and header. Or a folder with a folder of texts
            for each class, or with the files `seq.in` and `label`.
        options: of the readers.

    Attributes:
        name: of the source.

    Raises:
        SettingError: both names are the same.
    """

    def __init__(self, source: TextSource, **options: Unpack[ExampleOptions]) -> None:
        if options.get("labels_needed", True):
            source = with_classes(with_slots(source, LABEL))
        super().__init__(source, partial(ExampleReader, **options))

    def examples(self, read: Callable[[int], None] | None = None) -> Iterator[Example]:
        """The rows from the beginning.

        Args:
            read: called with the number of bytes of each block as it is read.

        Raises:
            EmptyTextError: a file has no row, or no good one.
            InputError: the columns cannot be identified; a row is bad and is not to be skipped.
        """
        self._readers = []
        for document in self._source.documents(read):
            yield from self._reader(document.name).examples(lines_of(document.chunks()))

    @cached_property
    def layout(self) -> TableLayout:
        """The layout of the first file; reads only its first lines.

        Raises:
            EmptyTextError: there are only blank lines.
            InputError: the columns cannot be identified, or a requested one is missing.
        """
        document = next(iter(self._source.documents()))
        return self._make_reader(document.name).detect_layout(lines_of(document.chunks()))

    @property
    def one_text_per_file(self) -> bool:
        """Whether the files are those of a folder of classes."""
        return isinstance(self._source, ClassFolder)

    @property
    def read_layout(self) -> TableLayout | None:
        """The layout of the file that was read last; None where there is none."""
        return self._readers[-1].layout if self._readers else None

    @property
    def shape(self) -> Shape:
        """The format of the first file."""
        return self.layout.shape

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns of the first file, in order; empty where they have no names."""
        return self.layout.names


def check_classes(labels: Collection[str], location: str) -> None:
    """Check that there are two classes or more.

    Args:
        labels: the distinct labels.
        location: of the rows, for messages.

    Raises:
        InputError: there is one label, or none.
    """
    if len(labels) < 2:
        raise InputError(
            "; ".join(f"every row has the label {label!r}" for label in labels) or "no labels",
            location=location,
            hint="Give rows of two labels or more, or name another column: --label-column",
        )
