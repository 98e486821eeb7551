"""What `elman predict` writes of a translator: a line for each source."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from elman.console.predictions import PredictionLines
from elman.console.terminal import json_line

if TYPE_CHECKING:
    from elman.tasks.seq2seq.generation import GeneratedText
    from elman.tasks.translation.model import Translator
    from elman.text.example_reader import Example
    from elman.text.files import Document
    from elman.text.pair_reader import PairReader


from elman.tasks.seq2seq.predictions import TOGETHER, as_plain, first_line


class TranslationWriter:
    """A line for each source; a blank line for a blank one.

    Args:
        count: of alternatives, in JSON.
        beam: targets that are followed at the same time.
        settings: of the `PairReader`s.
    """

    def __init__(
        self,
        model: Translator,
        *,
        json: bool = False,
        count: int | None = None,
        beam: int,
        **settings: Any,
    ) -> None:
        self.model = model
        self.json = json
        self.count = count or (beam if json else 1)
        self.beam = beam
        self.settings = settings
        self.readers: list[PairReader] = []

    @property
    def skipped(self) -> int:
        """Bad rows that were left out."""
        return sum(reader.skipped for reader in self.readers)

    def answers(self, documents: Iterable[Document]) -> Iterator[PredictionLines]:
        """In the order of the sources.

        Raises:
            InputError: the sources cannot be read.
        """
        from elman.text.stdin_stream import batch_available

        for batch in batch_available(self._sources(documents), lambda each: len(each.text)):
            for start in range(0, len(batch), TOGETHER):
                part = batch[start : start + TOGETHER]
                found = self.model.predict_best(
                    [each.text for each in part], self.count, beam=self.beam, attention=self.json
                )
                lines = (
                    self._as_json(each, best) if self.json else first_line(best)
                    for each, best in zip(part, found, strict=True)
                )
                yield PredictionLines("".join(f"{line}\n" for line in lines), sum(map(bool, found)))

    def _sources(self, documents: Iterable[Document]) -> Iterator[Example]:
        from elman.text.lines import lines_of
        from elman.text.pair_reader import PairReader

        for document in documents:
            reader = PairReader(
                document.name, targets_needed=False, keep_skipped=True, **self.settings
            )
            self.readers.append(reader)
            yield from reader.examples(lines_of(document.chunks()))

    def _as_json(self, source: Example, best: list[GeneratedText]) -> str:
        said = {
            "file": source.name,
            "line": source.line,
            "text": first_line(best) if best else None,
        }
        return json_line({**said, "alternatives": list(map(as_plain, best))})
