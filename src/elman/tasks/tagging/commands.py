"""Words with a tag each: the baseline is each word's most frequent tag."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from elman.console.terminal import say
from elman.tasks.commands import (
    CommandWords,
    TaskCommands,
    check_same,
    no_baseline,
    report_skipped,
    unseen_in,
)
from elman.tasks.options import reader_options
from elman.tasks.tagging.task import TASK

if TYPE_CHECKING:
    from elman.console.terminal import ReadingProgress
    from elman.console.traces import TraceTable
    from elman.metrics.report import Evaluation
    from elman.tasks.data_files import DataFiles
    from elman.tasks.tagging.baseline import MostFrequentTag
    from elman.tasks.tagging.model import Tagger
    from elman.tasks.task import Task
    from elman.text.files import TextSource
    from elman.text.tagged import TaggedSource
    from elman.training.events import Event

    Scored = tuple[Sequence[Sequence[str]], Sequence[Sequence[str]]]


class TaggingCommands(TaskCommands):
    """See `TaskCommands`."""

    model: Tagger

    task: ClassVar[Task] = TASK
    words: ClassVar[CommandWords] = CommandWords("What each word is", "sentences", "FILE")

    @classmethod
    def open(cls, source: TextSource, files: DataFiles) -> TaggedSource:
        from elman.text.tagged import TaggedSource

        return TaggedSource(source, **reader_options(files.options, "column", "word-column"))

    def training(
        self, reading: ReadingProgress, checkpoint: Path | None, stop: Callable[[], bool]
    ) -> Iterator[Event]:
        note = self.open(self.files.data, self.files).note
        if note is not None:
            say(f"{self.files.data.name}: {note}.")
        yield from super().training(reading, checkpoint, stop)

    def read(
        self,
        train: TextSource | None,
        reading: ReadingProgress,  # noqa: ARG002  # sentences are read at once
    ) -> Scored:
        from elman.data.cache import Cache

        source = self.open(self.files.data, self.files)
        sentences = list(source.sentences())
        report_skipped(source.skipped, source.name)
        if train is not None:
            known = self.open(train, self.files)
            check_same(self.model.keep_training(known, cache=Cache()), train.name)
        words = [sentence.words for sentence in sentences]
        return words, [sentence.tags or () for sentence in sentences]

    def fit_baseline(self, data: Scored) -> MostFrequentTag:
        from elman.tasks.tagging.baseline import MostFrequentTag

        return MostFrequentTag().fit(*data)

    def evaluated(self, data: Scored, baseline: MostFrequentTag | None) -> Evaluation:
        from elman.tasks.tagging.evaluation import evaluate_tags

        words, tags = data
        found = self.model.predict(words)
        unseen = unseen_in((tag for row in tags for tag in row), self.model.tags_, "word", "tag")
        warnings = (*no_baseline(baseline), *unseen)
        return evaluate_tags(
            words,
            tags,
            found,
            baseline,
            scheme=self.model.scheme_,
            warnings=warnings,
            parts=self.model.predict_by_parts(words),
        )

    @classmethod
    def trace_table(cls) -> TraceTable:
        from elman.console.traces import TraceTable

        return TraceTable(("word", "tag"))


COMMANDS = TaggingCommands
