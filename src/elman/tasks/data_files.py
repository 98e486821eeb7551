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
    """The data files of a command, and the options to read them with.

    Args:
        data: the training data, or the data to score.
        valid: the validation data; None if none was named.
        open: paths -> a source with the same encoding.
        options: the typed options, by name.
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
        """Open files by path.

        Args:
            data: paths of the training data, or of the data to score.
            valid: paths of the validation data; None for none.
            encoding: of all files.
            options: values by name; None and False mean not typed.
        """
        from elman.text.files import TextSource

        open_source = partial(TextSource, encoding=encoding, sheet=options.get("sheet"))
        held_out = open_source(valid) if valid else None
        return cls(open_source(data), held_out, open_source, typed_options(options))

    def given(self) -> Iterator[TextSource]:
        """Yield the data, then the validation data if there is some."""
        yield from filter(None, (self.data, self.valid))

    @property
    def notes(self) -> list[str]:
        """What was left out when the files were read last, with their names; for the user."""
        return [f"{source.name}: {note}" for source in self.given() for note in source.notes]
