"""The data files of a command."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from elman.tasks.options import typed_options

if TYPE_CHECKING:
    from elman.text.files import TextSource


@dataclass(frozen=True)
class DataFiles:
    """The files of a command, and how they are to be read.

    Args:
        data: to learn from, or to be scored.
        valid: held out, where there is such a text.
        open: paths -> a source, in the encoding that was named.
        options: by the names they are typed with; those that were not typed are absent.
    """

    data: TextSource
    valid: TextSource | None
    open: Callable[[Sequence[Path]], TextSource]
    options: dict[str, Any]

    @classmethod
    def named(
        cls,
        data: Sequence[Path],
        valid: Sequence[Path] | None = None,
        encoding: str = "utf-8",
        **options: Any,
    ) -> Self:
        """The files of these paths; options that are None or False were not typed."""
        from elman.text.files import TextSource

        open_source = partial(TextSource, encoding=encoding)
        held_out = open_source(valid) if valid else None
        return cls(open_source(data), held_out, open_source, typed_options(options))

    def given(self) -> Iterator[TextSource]:
        """The data, then the held-out data if there is some."""
        yield from filter(None, (self.data, self.valid))

    @property
    def skip_bad_rows(self) -> bool:
        return "skip-bad-rows" in self.options
