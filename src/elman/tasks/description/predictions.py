"""What `elman predict` writes of a describer: a line for each vector."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from elman.console.predictions import PredictionLines
from elman.console.terminal import json_line

if TYPE_CHECKING:
    from elman.tasks.description.model import Describer
    from elman.tasks.seq2seq.generation import GeneratedText
    from elman.text.vectors import VectorSource


from elman.tasks.seq2seq.predictions import TOGETHER, as_plain, first_line


def write_descriptions(
    model: Describer, sources: Iterable[VectorSource], *, json: bool, count: int | None, beam: int
) -> Iterator[PredictionLines]:
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
                _described(source.name, row, best) if json else first_line(best)
                for row, best in enumerate(found, start + 1)
            )
            yield PredictionLines("".join(f"{line}\n" for line in lines), len(found))


def _described(name: str, row: int, best: list[GeneratedText]) -> str:
    said = {"file": name, "row": row, "text": first_line(best)}
    return json_line({**said, "alternatives": list(map(as_plain, best))})
