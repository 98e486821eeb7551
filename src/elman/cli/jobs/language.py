"""Text to continue: the last tenth is held out, the baseline is the best n-gram."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from elman.cli.jobs.job import Job, check_same, no_baseline, not_lost
from elman.cli.options import refuse_options
from elman.cli.report import print_language_report
from elman.cli.terminal import working

if TYPE_CHECKING:
    from elman.cli.jobs.job import Files
    from elman.cli.terminal import Reading
    from elman.models import LanguageModel
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

    def report(self) -> Evaluation:
        from elman.scoring.baseline import best_ngram
        from elman.scoring.language_evaluation import evaluate_language
        from elman.scoring.predictor import NetworkPredictor
        from elman.text import Cache, Corpus

        record, unit, cache = self.model.record_, self.model.unit_, Cache()
        learned_from = not_lost(Corpus.find(record["corpus"], unit, cache))
        held_out = not_lost(Corpus.find(record["valid"], unit, cache))
        if len(held_out) > REPORTED:
            held_out = held_out.part(0, REPORTED)
        ngram = best_ngram(learned_from.ids, unit)
        return evaluate_language(NetworkPredictor(self.model.network_), held_out, ngram)

    def test(self, train: TextSource | None, reading: Reading) -> Evaluation:
        from elman.scoring.baseline import best_ngram
        from elman.scoring.language_evaluation import evaluate_language
        from elman.scoring.predictor import NetworkPredictor
        from elman.text import Cache, Corpus

        unit = self.model.unit_
        corpus = Corpus.prepare(self.files.data, unit, cache=Cache(), progress=reading)
        learned_from = self._training_text(train, reading)
        reading.stop()
        with working("scoring"):
            ngram = None if learned_from is None else best_ngram(learned_from.ids, unit)
            predictor = NetworkPredictor(self.model.network_)
            return evaluate_language(predictor, corpus, ngram, no_baseline(ngram))

    def _training_text(self, source: TextSource | None, reading: Reading) -> Corpus | None:
        """The part of the text that the model learned from: by its hash, or from files given."""
        from elman.text import Cache, Corpus

        cache, unit, record = Cache(), self.model.unit_, self.model.record_
        if source is not None:
            whole = Corpus.prepare(source, unit, cache=cache, progress=reading)
            check_same(whole.content_hash == record.get("content"), source.name)
        key = record.get("corpus")
        return Corpus.find(key, unit, cache) if isinstance(key, str) else None

    def tell(self, report: Evaluation) -> None:
        print_language_report(report, self.model.unit_)

    def described(self) -> str:
        return f"language, the next {self.model.unit} of a text"

    def next_command(self, output: Path) -> str:
        verb = "suggest" if self.model.unit == "word" else "generate"
        return f'elman {verb} {shlex.quote(str(output))} "The "'
