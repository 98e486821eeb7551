"""Vectors with a text each: the baseline writes what the nearest vector was described as."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from elman.tasks.job import TaskCommands, check_same, no_baseline, not_lost, report_skipped
from elman.tasks.seq2seq.report import print_rewrite_report

if TYPE_CHECKING:
    from elman.console.terminal import ReadingProgress
    from elman.metrics.report import Evaluation
    from elman.tasks.description.inspect import VectorsInspection
    from elman.tasks.description.model import Describer
    from elman.tasks.job import DataFiles
    from elman.tasks.seq2seq.baseline import NearestVector
    from elman.text.files import TextSource
    from elman.text.vectors import VectorSource
    from elman.training.events import Event


DescriptionTestSet = tuple[Any, list[str]]
"""Vectors, and their descriptions."""


class DescriptionCommands(TaskCommands):
    """See `TaskCommands`."""

    task: ClassVar[str] = "describe"
    scoring: ClassVar[str] = "describing and scoring"
    options: ClassVar[tuple[str, ...]] = ("skip-bad-rows",)

    model: Describer

    @classmethod
    def kind(cls) -> type[Describer]:
        from elman.tasks.description.model import Describer

        return Describer

    @classmethod
    def look(cls, files: DataFiles) -> VectorsInspection:
        from elman.tasks.description.inspect import inspect_vectors

        return inspect_vectors(*(_vectors(each, files) for each in files.given()))

    def training(
        self, reading: ReadingProgress, checkpoint: Path | None, stop: Callable[[], bool]
    ) -> Iterator[Event]:
        from elman.data.cache import Cache

        vectors, descriptions = _read(self.files.data, self.files, reading)
        valid, width = self.files.valid, vectors.shape[1]
        yield from self.model.training(
            vectors,
            descriptions,
            valid=None if valid is None else _read(valid, self.files, reading, width),
            cache=Cache(),
            checkpoint=checkpoint,
            stop=stop,
        )

    def read(self, train: TextSource | None, reading: ReadingProgress) -> DescriptionTestSet:
        from elman.data.cache import Cache

        width = self.model.n_features_in_
        found = _read(self.files.data, self.files, reading, width)
        if train is not None:
            known = _read(train, self.files, reading, width)
            check_same(self.model.keep_training(*known, cache=Cache()), train.name)
        return found

    def held_out(self) -> DescriptionTestSet:
        from elman.data.cache import Cache
        from elman.data.example_cache import cached_vectors

        return not_lost(cached_vectors(Cache(), self.model.record_["valid"]))

    def baseline(self) -> NearestVector | None:
        from elman.data.cache import Cache
        from elman.data.example_cache import cached_vectors
        from elman.tasks.seq2seq.baseline import NearestVector

        found = cached_vectors(Cache(), str(self.model.record_.get("content")))
        return None if found is None else NearestVector().fit(*found)

    def evaluated(self, data: DescriptionTestSet, baseline: NearestVector | None) -> Evaluation:
        from elman.tasks.seq2seq.evaluation import evaluate_seq2seq, shuffled

        vectors, descriptions = data
        answers = self.model.predict(vectors)
        return evaluate_seq2seq(
            vectors,
            descriptions,
            answers,
            baseline,
            shuffled(answers),
            warnings=no_baseline(baseline),
        )

    def tell(self, report: Evaluation) -> None:
        print_rewrite_report(report)

    def described(self) -> str:
        return "describe, a text for each vector"

    def next_command(self, output: Path) -> str:
        return f"elman predict {shlex.quote(str(output))} VECTORS.npy"


def _vectors(source: TextSource, files: DataFiles, width: int | None = None) -> VectorSource:
    from elman.text.vectors import VectorSource

    return VectorSource.of_files(
        source, skip_bad_rows="skip-bad-rows" in files.options, width=width
    )


def _read(
    source: TextSource, files: DataFiles, reading: ReadingProgress, width: int | None = None
) -> DescriptionTestSet:
    from elman.text.progress import progress_counter

    found = _vectors(source, files, width)
    rows = found.rows(progress_counter(reading, f"reading {found.name}", source.size))
    report_skipped(found.skipped, found.name)
    return rows
