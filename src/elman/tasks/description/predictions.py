"""What `elman predict` writes of a describer: a line for each vector."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from elman.errors import SettingError
from elman.tasks.predictions import PredictionLines
from elman.tasks.seq2seq.predictions import TOGETHER, hypothesis_lines
from elman.text.vectors import VectorSource

if TYPE_CHECKING:
    from elman.tasks.description.model import Describer
    from elman.tasks.predictions import PredictionRequest


def write_predictions(model: Describer, request: PredictionRequest) -> Iterator[PredictionLines]:
    """A line for each vector.

    Raises:
        InputError: the vectors cannot be read, or are not those that the model knows;
        SettingError: an option is out of range, or there is no file.
    """
    request.check_no_texts()
    if not request.files or Path("-") in request.files:
        raise SettingError(
            "vectors do not come through a pipe", location="FILE", hint="Name a .npy or .npz file."
        )
    beam = request.beam
    count = request.count or (beam if request.json else 1)
    width = model.n_features_in_
    for source in [
        VectorSource.of_files(each, width=width) for each in request.source().split_by_file()
    ]:
        vectors = source.vectors()
        for start in range(0, len(vectors), TOGETHER):
            found = model.predict_best(vectors[start : start + TOGETHER], count, beam=beam)
            rows = ({"file": source.name, "row": start + row} for row in range(1, len(found) + 1))
            written = hypothesis_lines(rows, found, json=request.json, nothing="")
            yield PredictionLines(written, len(found))
