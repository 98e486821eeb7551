"""Words with a tag each: the baseline is each word's most frequent tag."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from elman.cli.jobs.job import Job, check_same, no_baseline, not_lost, remark_skipped
from elman.cli.report import print_tag_report
from elman.cli.terminal import working

if TYPE_CHECKING:
    from elman.cli.jobs.job import Files
    from elman.cli.terminal import Reading
    from elman.models import Tagger
    from elman.scoring.report import Evaluation
    from elman.scoring.tag_baseline import MostFrequentTag
    from elman.text import PeekTagged, TaggedSource, TextSource
    from elman.training import Event

    Words = Sequence[Sequence[str]]


class TagJob(Job):
    """See `Job`."""

    task: ClassVar[str] = "tag"
    telling: ClassVar[tuple[str, ...]] = ("column",)
    options: ClassVar[tuple[str, ...]] = (*telling, "skip-bad-rows")

    model: Tagger

    @classmethod
    def kind(cls) -> type[Tagger]:
        from elman.models import Tagger

        return Tagger

    @classmethod
    def look(cls, files: Files) -> PeekTagged:
        from elman.text.peek_tagged import peek_tagged

        return peek_tagged(*(_tagged(each, files) for each in files.given()))

    def training(
        self, reading: Reading, checkpoint: Path | None, stop: Callable[[], bool]
    ) -> Iterator[Event]:
        from elman.text import Cache

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
        remark_skipped(data.skipped, data.name)

    def report(self) -> Evaluation:
        from elman.text import Cache
        from elman.text.kept import kept

        rows = not_lost(kept(Cache(), self.model.record_["valid"]))
        words, tags = ([row[side] for row in rows] for side in (0, 1))
        return self._evaluated(words, tags, self._baseline(), ())

    def test(self, train: TextSource | None, reading: Reading) -> Evaluation:
        from elman.text import Cache

        source = _tagged(self.files.data, self.files).limited_to(self.model.tags_)
        sentences = list(source.sentences())
        remark_skipped(source.skipped, source.name)
        if train is not None:
            check_same(
                self.model.keep_training(_tagged(train, self.files), cache=Cache()), train.name
            )
        reading.stop()
        words = [sentence.words for sentence in sentences]
        tags = [sentence.tags or () for sentence in sentences]
        with working("scoring"):
            baseline = self._baseline()
            return self._evaluated(words, tags, baseline, no_baseline(baseline))

    def _evaluated(
        self, words: Words, tags: Words, baseline: MostFrequentTag | None, remarks: tuple[str, ...]
    ) -> Evaluation:
        from elman.scoring.tag_evaluation import evaluate_tags

        found = self.model.predict(words)
        scheme = self.model.scheme_
        return evaluate_tags(words, tags, found, baseline, scheme=scheme, remarks=remarks)

    def _baseline(self) -> MostFrequentTag | None:
        """Fitted to what the model learned from, which is found by its hash."""
        from elman.scoring.tag_baseline import MostFrequentTag
        from elman.text import Cache
        from elman.text.kept import kept

        rows = kept(Cache(), str(self.model.record_.get("content")))
        if rows is None:
            return None
        return MostFrequentTag().fit([words for words, _ in rows], [tags for _, tags in rows])

    def tell(self, report: Evaluation) -> None:
        print_tag_report(report)

    def described(self) -> str:
        return "tag, a tag for each word"

    def next_command(self, output: Path) -> str:
        return f"elman predict {shlex.quote(str(output))} FILE"


def _tagged(source: TextSource, files: Files) -> TaggedSource:
    from elman.text import TaggedSource

    return TaggedSource(
        source,
        column=files.options.get("column"),
        skip_bad_rows="skip-bad-rows" in files.options,
    )
