"""What `elman predict` writes of a translator or a describer: a line for each source."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from elman.cli.answers import Answered
from elman.cli.terminal import json_line

if TYPE_CHECKING:
    from elman.models import Describer, Translator
    from elman.models.rewriting import Rewrite
    from elman.text import Document, Example, PairReader, VectorSource

TOGETHER = 512
"""Sources between two looks at what has been written."""


class Translations:
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

    def answers(self, documents: Iterable[Document]) -> Iterator[Answered]:
        """In the order of the sources.

        Raises:
            InputError: the sources cannot be read.
        """
        from elman.text.arriving import gathered

        for batch in gathered(self._sources(documents), lambda each: len(each.text)):
            for start in range(0, len(batch), TOGETHER):
                part = batch[start : start + TOGETHER]
                found = self.model.predict_best(
                    [each.text for each in part], self.count, beam=self.beam, attention=self.json
                )
                lines = (
                    self._as_json(each, best) if self.json else _first(best)
                    for each, best in zip(part, found, strict=True)
                )
                yield Answered("".join(f"{line}\n" for line in lines), sum(map(bool, found)))

    def _sources(self, documents: Iterable[Document]) -> Iterator[Example]:
        from elman.text import PairReader
        from elman.text.lines import lines_of

        for document in documents:
            reader = PairReader(
                document.name, targets_needed=False, keep_places=True, **self.settings
            )
            self.readers.append(reader)
            yield from reader.examples(lines_of(document.chunks()))

    def _as_json(self, source: Example, best: list[Rewrite]) -> str:
        said = {"file": source.name, "line": source.line, "text": _first(best) if best else None}
        return json_line({**said, "alternatives": list(map(_plain, best))})


def descriptions(
    model: Describer, sources: Iterable[VectorSource], *, json: bool, count: int | None, beam: int
) -> Iterator[Answered]:
    """A line for each vector.

    Raises:
        InputError: the vectors cannot be read, or are none of those that the model knows.
    """
    count = count or (beam if json else 1)
    for source in sources:
        vectors = source.vectors()
        for start in range(0, len(vectors), TOGETHER):
            found = model.predict_best(vectors[start : start + TOGETHER], count, beam=beam)
            lines = (
                _described(source.name, row, best) if json else _first(best)
                for row, best in enumerate(found, start + 1)
            )
            yield Answered("".join(f"{line}\n" for line in lines), len(found))


def _described(name: str, row: int, best: list[Rewrite]) -> str:
    said = {"file": name, "row": row, "text": _first(best)}
    return json_line({**said, "alternatives": list(map(_plain, best))})


def _first(best: list[Rewrite]) -> str:
    """The best text, on one line; "" where there is none."""
    return " ".join(best[0].text.splitlines()) if best else ""


def _plain(rewrite: Rewrite) -> dict[str, Any]:
    """As JSON has it: what attention looked at stands beside it, symbol by symbol."""
    said: dict[str, Any] = {
        "text": rewrite.text,
        "score": rewrite.score,
        "probability": rewrite.probability,
        "words": [
            {"word": word, "probability": probability} for word, probability in rewrite.words
        ],
    }
    if rewrite.attention is not None:
        said["attention"] = {
            "source": rewrite.source,
            "target": rewrite.pieces,
            "weights": rewrite.attention,
        }
    return said
