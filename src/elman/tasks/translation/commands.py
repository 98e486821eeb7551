"""Texts with another text each: the baseline writes what the nearest source was rewritten to."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from elman.tasks.job import TaskCommands, check_same, no_baseline, not_lost, report_skipped
from elman.tasks.seq2seq.report import print_rewrite_report

if TYPE_CHECKING:
    from elman.console.terminal import ReadingProgress
    from elman.metrics.report import Evaluation
    from elman.tasks.job import DataFiles
    from elman.tasks.seq2seq.baseline import NearestSource
    from elman.tasks.translation.inspect import PairsInspection
    from elman.tasks.translation.model import Translator
    from elman.text.files import TextSource
    from elman.text.pairs import PairSource
    from elman.training.events import Event

    Scored = tuple[Sequence[str], Sequence[str]]


class TranslationBaseline(NamedTuple):
    """What has learned from the pairs, and their sources."""

    nearest: NearestSource
    known: set[str]


class TranslationCommands(TaskCommands):
    """See `TaskCommands`."""

    task: ClassVar[str] = "translate"
    scoring: ClassVar[str] = "rewriting and scoring"
    telling: ClassVar[tuple[str, ...]] = ("source-column", "target-column")
    options: ClassVar[tuple[str, ...]] = (*telling, "skip-bad-rows")

    model: Translator

    @classmethod
    def kind(cls) -> type[Translator]:
        from elman.tasks.translation.model import Translator

        return Translator

    @classmethod
    def look(cls, files: DataFiles) -> PairsInspection:
        from elman.tasks.translation.inspect import inspect_pairs

        return inspect_pairs(*(_pairs(each, files) for each in files.given()))

    def training(
        self, reading: ReadingProgress, checkpoint: Path | None, stop: Callable[[], bool]
    ) -> Iterator[Event]:
        from elman.data.cache import Cache

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
            report_skipped(source.skipped, source.name)

    def read(self, train: TextSource | None, reading: ReadingProgress) -> Scored:
        from elman.data.cache import Cache
        from elman.tasks.translation.inputs import read_pairs

        source = _pairs(self.files.data, self.files)
        pairs = read_pairs(source, reading)
        report_skipped(source.skipped, source.name)
        if train is not None:
            known = _pairs(train, self.files)
            check_same(self.model.keep_training(known, cache=Cache()), train.name)
        return pairs.sources, pairs.targets

    def held_out(self) -> Scored:
        from elman.data.cache import Cache
        from elman.data.example_cache import cached_examples

        return _apart(not_lost(cached_examples(Cache(), self.model.record_["valid"])))

    def baseline(self) -> TranslationBaseline | None:
        from elman.data.cache import Cache
        from elman.data.example_cache import cached_examples
        from elman.tasks.seq2seq.baseline import NearestSource

        rows = cached_examples(Cache(), str(self.model.record_.get("content")))
        if rows is None:
            return None
        learned, theirs = _apart(rows)
        return TranslationBaseline(NearestSource().fit(learned, theirs), set(learned))

    def evaluated(self, data: Scored, baseline: TranslationBaseline | None) -> Evaluation:
        from elman.tasks.seq2seq.evaluation import evaluate_seq2seq, shuffled

        sources, targets = data
        answers = self.model.predict(sources)
        nearest, known = baseline or (None, None)
        return evaluate_seq2seq(
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


def _pairs(source: TextSource, files: DataFiles) -> PairSource:
    from elman.text.pairs import PairSource

    return PairSource(
        source,
        source_column=files.options.get("source-column"),
        target_column=files.options.get("target-column"),
        skip_bad_rows="skip-bad-rows" in files.options,
    )


def _apart(rows: list[Any]) -> tuple[list[str], list[str]]:
    return [source for source, _ in rows], [target for _, target in rows]
