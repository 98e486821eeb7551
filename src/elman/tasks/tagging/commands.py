"""Words with a tag each: the baseline is each word's most frequent tag."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from elman.tasks.job import TaskCommands, check_same, no_baseline, not_lost, report_skipped
from elman.tasks.tagging.report import print_tag_report

if TYPE_CHECKING:
    from elman.console.terminal import ReadingProgress
    from elman.metrics.report import Evaluation
    from elman.tasks.job import DataFiles
    from elman.tasks.tagging.baseline import MostFrequentTag
    from elman.tasks.tagging.inspect import TaggedInspection
    from elman.tasks.tagging.model import Tagger
    from elman.text.files import TextSource
    from elman.text.tagged import TaggedSource
    from elman.training.events import Event

    Scored = tuple[Sequence[Sequence[str]], Sequence[Sequence[str]]]


class TaggingCommands(TaskCommands):
    """See `TaskCommands`."""

    task: ClassVar[str] = "tag"
    telling: ClassVar[tuple[str, ...]] = ("column",)
    options: ClassVar[tuple[str, ...]] = (*telling, "skip-bad-rows")

    model: Tagger

    @classmethod
    def kind(cls) -> type[Tagger]:
        from elman.tasks.tagging.model import Tagger

        return Tagger

    @classmethod
    def look(cls, files: DataFiles) -> TaggedInspection:
        from elman.tasks.tagging.inspect import inspect_tagged

        return inspect_tagged(*(_tagged(each, files) for each in files.given()))

    def training(
        self, reading: ReadingProgress, checkpoint: Path | None, stop: Callable[[], bool]
    ) -> Iterator[Event]:
        from elman.data.cache import Cache

        data = _tagged(self.files.data, self.files)
        valid = None if self.files.valid is None else _tagged(self.files.valid, self.files)
        yield from self.model.training(
            data,
            valid=valid,
            cache=Cache(),
            checkpoint=checkpoint,
            progress=reading,
            stop=stop,
        )
        report_skipped(data.skipped, data.name)

    def read(
        self,
        train: TextSource | None,
        reading: ReadingProgress,  # noqa: ARG002  # sentences are read at once
    ) -> Scored:
        from elman.data.cache import Cache

        source = _tagged(self.files.data, self.files).limited_to(self.model.tags_)
        sentences = list(source.sentences())
        report_skipped(source.skipped, source.name)
        if train is not None:
            known = _tagged(train, self.files)
            check_same(self.model.keep_training(known, cache=Cache()), train.name)
        words = [sentence.words for sentence in sentences]
        return words, [sentence.tags or () for sentence in sentences]

    def held_out(self) -> Scored:
        from elman.data.cache import Cache
        from elman.data.example_cache import cached_examples

        rows = not_lost(cached_examples(Cache(), self.model.record_["valid"]))
        return [words for words, _ in rows], [tags for _, tags in rows]

    def baseline(self) -> MostFrequentTag | None:
        from elman.data.cache import Cache
        from elman.data.example_cache import cached_examples
        from elman.tasks.tagging.baseline import MostFrequentTag

        rows = cached_examples(Cache(), str(self.model.record_.get("content")))
        if rows is None:
            return None
        return MostFrequentTag().fit([words for words, _ in rows], [tags for _, tags in rows])

    def evaluated(self, data: Scored, baseline: MostFrequentTag | None) -> Evaluation:
        from elman.tasks.tagging.evaluation import evaluate_tags

        words, tags = data
        found = self.model.predict(words)
        warnings = no_baseline(baseline)
        scheme = self.model.scheme_
        return evaluate_tags(words, tags, found, baseline, scheme=scheme, warnings=warnings)

    def tell(self, report: Evaluation) -> None:
        print_tag_report(report)

    def described(self) -> str:
        return "tag, a tag for each word"

    def next_command(self, output: Path) -> str:
        return f"elman predict {shlex.quote(str(output))} FILE"


def _tagged(source: TextSource, files: DataFiles) -> TaggedSource:
    from elman.text.tagged import TaggedSource

    return TaggedSource(
        source,
        column=files.options.get("column"),
        skip_bad_rows="skip-bad-rows" in files.options,
    )
