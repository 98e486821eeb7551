"""Texts with another text each: the baseline writes what the nearest source was rewritten to."""

from __future__ import annotations

import random
import shlex
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from elman.cli.jobs.job import Job, check_same, no_baseline, not_lost, remark_skipped
from elman.cli.report import print_rewrite_report

if TYPE_CHECKING:
    from elman.cli.jobs.job import Files
    from elman.cli.terminal import Reading
    from elman.models import Translator
    from elman.scoring.report import Evaluation
    from elman.scoring.rewrite_baseline import NearestSource
    from elman.text import PairSource, PeekPairs, TextSource
    from elman.training import Event

    Scored = tuple[Sequence[str], Sequence[str]]


class Baseline(NamedTuple):
    """What has learned from the pairs, and their sources."""

    nearest: NearestSource
    known: set[str]


class TranslateJob(Job):
    """See `Job`."""

    task: ClassVar[str] = "translate"
    scoring: ClassVar[str] = "rewriting and scoring"
    telling: ClassVar[tuple[str, ...]] = ("source-column", "target-column")
    options: ClassVar[tuple[str, ...]] = (*telling, "skip-bad-rows")

    model: Translator

    @classmethod
    def kind(cls) -> type[Translator]:
        from elman.models import Translator

        return Translator

    @classmethod
    def look(cls, files: Files) -> PeekPairs:
        from elman.text.peek_pairs import peek_pairs

        return peek_pairs(*(_pairs(each, files) for each in files.given()))

    def training(
        self, reading: Reading, checkpoint: Path | None, stop: Callable[[], bool]
    ) -> Iterator[Event]:
        from elman.text import Cache

        data = _pairs(self.files.data, self.files)
        valid = None if self.files.valid is None else _pairs(self.files.valid, self.files)
        yield from self.model.training(
            data,
            valid=valid,
            cache=Cache(),
            checkpoint=checkpoint,
            progress=reading,
            stop=stop,
        )
        for source in filter(None, (data, valid)):
            remark_skipped(source.skipped, source.name)

    def read(self, train: TextSource | None, reading: Reading) -> Scored:
        from elman.models.pairs import read_pairs
        from elman.text import Cache

        source = _pairs(self.files.data, self.files)
        pairs = read_pairs(source, reading)
        remark_skipped(source.skipped, source.name)
        if train is not None:
            known = _pairs(train, self.files)
            check_same(self.model.keep_training(known, cache=Cache()), train.name)
        return pairs.sources, pairs.targets

    def held_out(self) -> Scored:
        from elman.text import Cache
        from elman.text.kept import kept

        return _apart(not_lost(kept(Cache(), self.model.record_["valid"])))

    def baseline(self) -> Baseline | None:
        from elman.scoring.rewrite_baseline import NearestSource
        from elman.text import Cache
        from elman.text.kept import kept

        rows = kept(Cache(), str(self.model.record_.get("content")))
        if rows is None:
            return None
        learned, theirs = _apart(rows)
        return Baseline(NearestSource().fit(learned, theirs), set(learned))

    def evaluated(self, data: Scored, baseline: Baseline | None) -> Evaluation:
        from elman.scoring.rewrite_evaluation import evaluate_rewriting

        sources, targets = data
        answers = self.model.predict(sources)
        nearest, known = baseline or (None, None)
        return evaluate_rewriting(
            sources,
            targets,
            answers,
            nearest,
            shuffled(answers),
            known,
            no_baseline(baseline),
        )

    def tell(self, report: Evaluation) -> None:
        print_rewrite_report(report)

    def described(self) -> str:
        return "translate, a text for each text"

    def next_command(self, output: Path) -> str:
        return f"elman predict {shlex.quote(str(output))} -"


def shuffled(answers: Sequence[str], seed: int = 0) -> list[str]:
    """The answers to the same sources in another order: each is read by itself, so they are the
    same answers in that order."""
    order = list(answers)
    random.Random(seed).shuffle(order)
    return order


def _pairs(source: TextSource, files: Files) -> PairSource:
    from elman.text import PairSource

    return PairSource(
        source,
        source_column=files.options.get("source-column"),
        target_column=files.options.get("target-column"),
        skip_bad_rows="skip-bad-rows" in files.options,
    )


def _apart(rows: list[Any]) -> tuple[list[str], list[str]]:
    return [source for source, _ in rows], [target for _, target in rows]
