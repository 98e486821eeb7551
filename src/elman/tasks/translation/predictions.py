"""What `elman predict` writes of a translator: a line for each source."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from elman.tasks.options import reader_options
from elman.tasks.predictions import ExampleWriter, PredictionLines
from elman.tasks.seq2seq.predictions import TOGETHER, hypothesis_lines
from elman.text.example_reader import Example
from elman.text.pair_reader import PairReader
from elman.text.stdin_stream import STANDARD_INPUT

if TYPE_CHECKING:
    from elman.tasks.predictions import PredictionRequest
    from elman.tasks.translation.model import Translator


def write_predictions(model: Translator, request: PredictionRequest) -> Iterator[PredictionLines]:
    """A line for each source; a blank line for a blank one.

    Raises:
        InputError: the sources cannot be read; SettingError: an option is out of range.
    """
    return TranslationWriter(model, request).lines()


class TranslationWriter(ExampleWriter):
    """See `write_predictions`."""

    def __init__(self, model: Translator, request: PredictionRequest) -> None:
        super().__init__(request)
        self.model = model
        self.beam = request.beam
        self.count = request.count or (self.beam if request.json else 1)
        self.reader_options = reader_options(request.options, "source-column")

    def make_reader(self, name: str) -> PairReader:
        return PairReader(
            name,
            targets_needed=False,
            keep_skipped=True,
            arrives=name == STANDARD_INPUT,
            **self.reader_options,
        )

    def answers(self, batch: list[Example]) -> Iterator[PredictionLines]:
        for start in range(0, len(batch), TOGETHER):
            part = batch[start : start + TOGETHER]
            found = self.model.predict_best(
                [each.text for each in part], self.count, beam=self.beam, attention=self.json
            )
            places = ({"file": each.name, "line": each.line} for each in part)
            written = hypothesis_lines(places, found, json=self.json, nothing=None)
            yield PredictionLines(written, sum(map(bool, found)))
