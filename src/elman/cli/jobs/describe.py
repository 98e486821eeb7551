"""Vectors with a text each: the baseline writes what the nearest vector was described as."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from elman.cli.jobs.job import Job, check_same, no_baseline, not_lost, remark_skipped
from elman.cli.jobs.translate import shuffled
from elman.cli.report import print_rewrite_report

if TYPE_CHECKING:
    from elman.cli.jobs.job import Files
    from elman.cli.terminal import Reading
    from elman.models import Describer
    from elman.scoring.report import Evaluation
    from elman.scoring.rewrite_baseline import NearestVector
    from elman.text import PeekVectors, TextSource, VectorSource
    from elman.training import Event

Scored = tuple[Any, list[str]]
"""Vectors, and their descriptions."""


class DescribeJob(Job):
    """See `Job`."""

    task: ClassVar[str] = "describe"
    scoring: ClassVar[str] = "describing and scoring"
    options: ClassVar[tuple[str, ...]] = ("skip-bad-rows",)

    model: Describer

    @classmethod
    def kind(cls) -> type[Describer]:
        from elman.models import Describer

        return Describer

    @classmethod
    def look(cls, files: Files) -> PeekVectors:
        from elman.text.peek_vectors import peek_vectors

        return peek_vectors(*(_vectors(each, files) for each in files.given()))

    def training(
        self, reading: Reading, checkpoint: Path | None, stop: Callable[[], bool]
    ) -> Iterator[Event]:
        from elman.text import Cache

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

    def read(self, train: TextSource | None, reading: Reading) -> Scored:
        from elman.text import Cache

        width = self.model.n_features_in_
        found = _read(self.files.data, self.files, reading, width)
        if train is not None:
            known = _read(train, self.files, reading, width)
            check_same(self.model.keep_training(*known, cache=Cache()), train.name)
        return found

    def held_out(self) -> Scored:
        from elman.text import Cache
        from elman.text.kept import kept_vectors

        return not_lost(kept_vectors(Cache(), self.model.record_["valid"]))

    def baseline(self) -> NearestVector | None:
        from elman.scoring.rewrite_baseline import NearestVector
        from elman.text import Cache
        from elman.text.kept import kept_vectors

        found = kept_vectors(Cache(), str(self.model.record_.get("content")))
        return None if found is None else NearestVector().fit(*found)

    def evaluated(self, data: Scored, baseline: NearestVector | None) -> Evaluation:
        from elman.scoring.rewrite_evaluation import evaluate_rewriting

        vectors, descriptions = data
        answers = self.model.predict(vectors)
        return evaluate_rewriting(
            vectors,
            descriptions,
            answers,
            baseline,
            shuffled(answers),
            remarks=no_baseline(baseline),
        )

    def tell(self, report: Evaluation) -> None:
        print_rewrite_report(report)

    def described(self) -> str:
        return "describe, a text for each vector"

    def next_command(self, output: Path) -> str:
        return f"elman predict {shlex.quote(str(output))} VECTORS.npy"


def _vectors(source: TextSource, files: Files, width: int | None = None) -> VectorSource:
    from elman.text import VectorSource

    return VectorSource.of_files(
        source, skip_bad_rows="skip-bad-rows" in files.options, width=width
    )


def _read(source: TextSource, files: Files, reading: Reading, width: int | None = None) -> Scored:
    from elman.text.progress import counting

    found = _vectors(source, files, width)
    rows = found.rows(counting(reading, f"reading {found.name}", source.size))
    remark_skipped(found.skipped, found.name)
    return rows
