"""Texts with another text each: the baseline writes what the nearest source was rewritten to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from elman.tasks.commands import CommandWords, TaskCommands, check_same, no_baseline, report_skipped
from elman.tasks.options import reader_options
from elman.tasks.translation.task import TASK

if TYPE_CHECKING:
    from elman.console.terminal import ReadingProgress
    from elman.console.traces import TraceTable
    from elman.metrics.report import Evaluation
    from elman.tasks.data_files import DataFiles
    from elman.tasks.seq2seq.baseline import NearestSource
    from elman.tasks.task import Task
    from elman.tasks.translation.model import Translator
    from elman.text.files import TextSource
    from elman.text.pairs import PairSource

    Scored = tuple[Sequence[str], Sequence[str]]


class TranslationBaseline(NamedTuple):
    """What has learned from the pairs, and their sources."""

    nearest: NearestSource
    known: set[str]


class TranslationCommands(TaskCommands):
    """See `TaskCommands`."""

    model: Translator

    task: ClassVar[Task] = TASK
    words: ClassVar[CommandWords] = CommandWords(
        "From one text to another", "texts", scoring="translating and scoring"
    )

    @classmethod
    def open(cls, source: TextSource, files: DataFiles) -> PairSource:
        from elman.text.pairs import PairSource

        return PairSource(source, **reader_options(files.options, "source-column", "target-column"))

    def read(self, train: TextSource | None, reading: ReadingProgress) -> Scored:
        from elman.data.cache import Cache
        from elman.tasks.translation.inputs import read_pairs

        source = self.open(self.files.data, self.files)
        pairs = read_pairs(source, reading)
        report_skipped(source.skipped, source.name)
        if train is not None:
            known = self.open(train, self.files)
            check_same(self.model.keep_training(known, cache=Cache()), train.name)
        return pairs.sources, pairs.targets

    def held_out(self) -> Scored:
        from elman.tasks.seq2seq.evaluation import reported

        sources, targets = (reported(each, self.model.record_) for each in super().held_out())
        return sources, targets

    def fit_baseline(self, data: Scored) -> TranslationBaseline:
        from elman.tasks.seq2seq.baseline import NearestSource

        sources, targets = data
        return TranslationBaseline(NearestSource().fit(sources, targets), set(sources))

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

    @classmethod
    def trace_table(cls) -> TraceTable:
        from elman.console.traces import TraceTable, attended

        return TraceTable(("output", "probability", "attention"), attended)


COMMANDS = TranslationCommands
