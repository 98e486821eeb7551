"""The base class of rows, sentences and pairs that can be read any number of times."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from elman.text.files import TextSource

# A reader of one file, such as an `ExampleReader`.
Reader = TypeVar("Reader", bound=Any)


class RowSource(Generic[Reader]):
    """Rows of one or several files, each with its own reader.

    Args:
        source: the files.
        make_reader: the name of a file -> its reader; raises SettingError if no file can be read
            as requested.

    Attributes:
        name: of the source.
    """

    def __init__(self, source: TextSource, make_reader: Callable[..., Reader]) -> None:
        make_reader(source.name)
        self.name = source.name
        self._source = source
        self._make_reader = make_reader
        self._readers: list[Reader] = []

    def _reader(self, name: str) -> Reader:
        self._readers.append(self._make_reader(name))
        return self._readers[-1]

    @property
    def skipped(self) -> int:
        """The number of bad rows or sentences that the last pass skipped."""
        return sum(reader.skipped for reader in self._readers)

    @property
    def size(self) -> int:
        """The total number of bytes that a pass reports to `read`; 0 for rows in memory."""
        return self._source.size
