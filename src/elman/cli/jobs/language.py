"""Text to continue: the last tenth is held out, the baseline is the best n-gram."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from elman.cli.jobs.job import Job, check_same, no_baseline, not_lost
from elman.cli.options import refuse_options
from elman.cli.report import print_language_report

if TYPE_CHECKING:
    from elman.cli.jobs.job import Files
    from elman.cli.terminal import Reading
    from elman.models import LanguageModel
    from elman.scoring.baseline import NGram
    from elman.scoring.report import Evaluation
    from elman.text import Corpus, Peek, TextSource
    from elman.training import Event

REPORTED = 100_000  # symbols of the held-out text that the report at the end reads, at most


class LanguageJob(Job):
    """See `Job`."""

    task: ClassVar[str] = "language"

    model: LanguageModel

    @classmethod
    def kind(cls) -> type[LanguageModel]:
        from elman.models import LanguageModel

        return LanguageModel

    @classmethod
    def look(cls, files: Files) -> Peek:
        from elman.text.peek import peek

        refuse_options(cls.task, valid=files.valid)  # of held-out text there is nothing to say
        return peek(files.data)

    def training(
        self, reading: Reading, checkpoint: Path | None, stop: Callable[[], bool]
    ) -> Iterator[Event]:
        from elman.text import Cache

        return self.model.training(
            self.files.data,
            valid=self.files.valid,
            cache=Cache(),
            checkpoint=checkpoint,
            progress=reading,
            stop=stop,
        )

    def read(self, train: TextSource | None, reading: Reading) -> Corpus:
        from elman.text import Cache, Corpus

        cache, unit = Cache(), self.model.unit_
        corpus = Corpus.prepare(self.files.data, unit, cache=cache, progress=reading)
        if train is not None:
            whole = Corpus.prepare(train, unit, cache=cache, progress=reading)
            check_same(whole.content_hash == self.model.record_.get("content"), train.name)
        return corpus

    def held_out(self) -> Corpus:
        held_out = not_lost(self._kept("valid"))
        return held_out.part(0, REPORTED) if len(held_out) > REPORTED else held_out

    def baseline(self) -> NGram | None:
        from elman.scoring.baseline import best_ngram

        learned_from = self._kept("corpus")
        return None if learned_from is None else best_ngram(learned_from.ids, self.model.unit_)

    def evaluated(self, data: Corpus, baseline: NGram | None) -> Evaluation:
        from elman.scoring.language_evaluation import evaluate_language
        from elman.scoring.predictor import NetworkPredictor

        predictor = NetworkPredictor(self.model.network_, int8=self.model.int8_)
        return evaluate_language(predictor, data, baseline, no_baseline(baseline))

    def _kept(self, which: str) -> Corpus | None:
        """A part of the text that the model learned from, by its hash."""
        from elman.text import Cache, Corpus

        key = self.model.record_.get(which)
        return Corpus.find(key, self.model.unit_, Cache()) if isinstance(key, str) else None

    def tell(self, report: Evaluation) -> None:
        print_language_report(report, self.model.unit_)

    def described(self) -> str:
        return f"language, the next {self.model.unit} of a text"

    def next_command(self, output: Path) -> str:
        verb = "suggest" if self.model.unit == "word" else "generate"
        return f'elman {verb} {shlex.quote(str(output))} "The "'
