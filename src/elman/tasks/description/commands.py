"""Vectors with a text each: the baseline writes what the nearest vector was described as."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from elman.errors import SettingError
from elman.ranges import check_integer
from elman.tasks.commands import (
    SCORING,
    CommandWords,
    TaskCommands,
    check_same,
    no_baseline,
    report_skipped,
)
from elman.tasks.description.task import TASK
from elman.tasks.options import reader_options

if TYPE_CHECKING:
    from elman.console.terminal import ReadingProgress
    from elman.console.traces import TraceTable
    from elman.explain.trace import Trace
    from elman.metrics.report import Evaluation
    from elman.tasks.data_files import DataFiles
    from elman.tasks.description.model import Describer
    from elman.tasks.seq2seq.baseline import NearestVector
    from elman.tasks.task import Task
    from elman.text.files import TextSource
    from elman.text.vectors import VectorSource
    from elman.training.events import Event


DescriptionTestSet = tuple[Any, list[str]]
"""Vectors, and their descriptions."""


class DescriptionCommands(TaskCommands):
    """See `TaskCommands`."""

    model: Describer

    task: ClassVar[Task] = TASK
    words: ClassVar[CommandWords] = CommandWords(
        "From a vector to words", "vectors", "VECTORS.npy", "describing and scoring"
    )

    @classmethod
    def open(cls, source: TextSource, files: DataFiles, width: int | None = None) -> VectorSource:
        """Vectors.

        Args:
            width: how many numbers a vector must have; None: as many as the first.
        """
        from elman.text.vectors import VectorSource

        return VectorSource.of_files(source, width=width, **reader_options(files.options))

    def training(
        self, reading: ReadingProgress, checkpoint: Path | None, stop: Callable[[], bool]
    ) -> Iterator[Event]:
        from elman.data.cache import Cache

        vectors, descriptions = self._rows(self.files.data, reading)
        valid, width = self.files.valid, vectors.shape[1]
        yield from self.model.training(
            vectors,
            descriptions,
            valid=None if valid is None else self._rows(valid, reading, width),
            cache=Cache(),
            checkpoint=checkpoint,
            progress=reading,
            stop=stop,
            scoring=SCORING,
        )

    def read(self, train: TextSource | None, reading: ReadingProgress) -> DescriptionTestSet:
        from elman.data.cache import Cache

        width = self.model.n_features_in_
        found = self._rows(self.files.data, reading, width)
        if train is not None:
            known = self._rows(train, reading, width)
            check_same(self.model.keep_training(*known, cache=Cache()), train.name)
        return found

    def _rows(
        self, source: TextSource, reading: ReadingProgress, width: int | None = None
    ) -> DescriptionTestSet:
        from elman.text.progress import progress_counter

        found = self.open(source, self.files, width)
        rows = found.rows(progress_counter(reading, f"reading {found.name}", source.size))
        report_skipped(found.skipped, found.name)
        return rows

    def cached(self, part: str) -> DescriptionTestSet | None:
        from elman.data.cache import Cache
        from elman.data.example_cache import cached_vectors

        return cached_vectors(Cache(), str(self.model.record_.get(part)))

    def held_out(self) -> DescriptionTestSet:
        from elman.tasks.seq2seq.evaluation import reported

        vectors, texts = (reported(each, self.model.record_) for each in super().held_out())
        return vectors, list(texts)

    def fit_baseline(self, data: DescriptionTestSet) -> NearestVector:
        from elman.tasks.seq2seq.baseline import NearestVector

        return NearestVector().fit(*data)

    def evaluated(self, data: DescriptionTestSet, baseline: NearestVector | None) -> Evaluation:
        from elman.tasks.seq2seq.evaluation import evaluate_seq2seq, shuffled

        vectors, descriptions = data
        parts = self.model.predict_by_parts(vectors)
        answers = parts.pop("both")
        return evaluate_seq2seq(
            vectors,
            descriptions,
            answers,
            baseline,
            shuffled(answers),
            warnings=no_baseline(baseline),
            parts=parts,
        )

    @classmethod
    def explain(cls, model: Describer, given: str | None, options: dict[str, Any]) -> Trace:
        from elman.text.vectors import VectorSource

        if given is None or given == "-":
            cause = "a file is needed" if given is None else "vectors do not come through a pipe"
            raise SettingError(cause, location="FILE", hint="Name a .npy or .npz file.")
        vectors = VectorSource(Path(given), None, width=model.n_features_in_).vectors()
        row = options.get("row", 1)
        check_integer("row", row, 1, len(vectors))
        return model.explain(vectors[row - 1])

    @classmethod
    def trace_table(cls) -> TraceTable:
        from elman.console.traces import TraceTable, written

        return TraceTable(("output", "probability"), written)


COMMANDS = DescriptionCommands
