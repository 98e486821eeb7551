"""Words with a tag each: the baseline is each word's most frequent tag."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from elman.cli.jobs.job import Job, check_same, no_baseline, not_lost, remark_skipped
from elman.cli.report import print_tag_report

if TYPE_CHECKING:
    from elman.cli.jobs.job import Files
    from elman.cli.terminal import Reading
    from elman.models import Tagger
    from elman.scoring.report import Evaluation
    from elman.scoring.tag_baseline import MostFrequentTag
    from elman.text import PeekTagged, TaggedSource, TextSource
    from elman.training import Event

    Scored = tuple[Sequence[Sequence[str]], Sequence[Sequence[str]]]


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

    def read(
        self,
        train: TextSource | None,
        reading: Reading,  # noqa: ARG002  # sentences are read at once
    ) -> Scored:
        from elman.text import Cache

        source = _tagged(self.files.data, self.files).limited_to(self.model.tags_)
        sentences = list(source.sentences())
        remark_skipped(source.skipped, source.name)
        if train is not None:
            known = _tagged(train, self.files)
            check_same(self.model.keep_training(known, cache=Cache()), train.name)
        words = [sentence.words for sentence in sentences]
        return words, [sentence.tags or () for sentence in sentences]

    def held_out(self) -> Scored:
        from elman.text import Cache
        from elman.text.kept import kept

        rows = not_lost(kept(Cache(), self.model.record_["valid"]))
        return [words for words, _ in rows], [tags for _, tags in rows]

    def baseline(self) -> MostFrequentTag | None:
        from elman.scoring.tag_baseline import MostFrequentTag
        from elman.text import Cache
        from elman.text.kept import kept

        rows = kept(Cache(), str(self.model.record_.get("content")))
        if rows is None:
            return None
        return MostFrequentTag().fit([words for words, _ in rows], [tags for _, tags in rows])

    def evaluated(self, data: Scored, baseline: MostFrequentTag | None) -> Evaluation:
        from elman.scoring.tag_evaluation import evaluate_tags

        words, tags = data
        found = self.model.predict(words)
        remarks = no_baseline(baseline)
        scheme = self.model.scheme_
        return evaluate_tags(words, tags, found, baseline, scheme=scheme, remarks=remarks)

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
