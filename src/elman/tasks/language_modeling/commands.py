"""Text to continue: the last tenth is held out, the baseline is the best n-gram."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from elman.console.options import refuse_options
from elman.tasks.job import TaskCommands, check_same, no_baseline, not_lost
from elman.tasks.language_modeling.report import print_language_report

if TYPE_CHECKING:
    from elman.console.terminal import ReadingProgress
    from elman.data.corpus import Corpus
    from elman.metrics.report import Evaluation
    from elman.tasks.job import DataFiles
    from elman.tasks.language_modeling.baseline import NGramBaseline
    from elman.tasks.language_modeling.inspect import TextInspection
    from elman.tasks.language_modeling.model import LanguageModel
    from elman.text.files import TextSource
    from elman.training.events import Event


REPORTED = 100_000  # tokens of the held-out text that the report at the end reads, at most


class LanguageModelingCommands(TaskCommands):
    """See `TaskCommands`."""

    task: ClassVar[str] = "language"

    model: LanguageModel

    @classmethod
    def kind(cls) -> type[LanguageModel]:
        from elman.tasks.language_modeling.model import LanguageModel

        return LanguageModel

    @classmethod
    def look(cls, files: DataFiles) -> TextInspection:
        from elman.tasks.language_modeling.inspect import inspect_text

        refuse_options(cls.task, valid=files.valid)  # of held-out text there is nothing to say
        return inspect_text(files.data)

    def training(
        self, reading: ReadingProgress, checkpoint: Path | None, stop: Callable[[], bool]
    ) -> Iterator[Event]:
        from elman.data.cache import Cache

        return self.model.training(
            self.files.data,
            valid=self.files.valid,
            cache=Cache(),
            checkpoint=checkpoint,
            progress=reading,
            stop=stop,
        )

    def read(self, train: TextSource | None, reading: ReadingProgress) -> Corpus:
        from elman.data.cache import Cache
        from elman.data.corpus import Corpus

        cache, tokenizer = Cache(), self.model.tokenizer_
        corpus = Corpus.prepare(self.files.data, tokenizer, cache=cache, progress=reading)
        if train is not None:
            whole = Corpus.prepare(train, tokenizer, cache=cache, progress=reading)
            check_same(whole.content_hash == self.model.record_.get("content"), train.name)
        return corpus

    def held_out(self) -> Corpus:
        held_out = not_lost(self._kept("valid"))
        return held_out.part(0, REPORTED) if len(held_out) > REPORTED else held_out

    def baseline(self) -> NGramBaseline | None:
        from elman.tasks.language_modeling.baseline import best_ngram

        learned_from = self._kept("corpus")
        return None if learned_from is None else best_ngram(learned_from.ids, self.model.tokenizer_)

    def evaluated(self, data: Corpus, baseline: NGramBaseline | None) -> Evaluation:
        from elman.nn.predictor import NetworkPredictor
        from elman.tasks.language_modeling.evaluation import evaluate_language

        predictor = NetworkPredictor(self.model.network_, int8=self.model.int8_)
        return evaluate_language(predictor, data, baseline, no_baseline(baseline))

    def _kept(self, which: str) -> Corpus | None:
        """A part of the text that the model learned from, by its hash."""
        from elman.data.cache import Cache
        from elman.data.corpus import Corpus

        key = self.model.record_.get(which)
        return Corpus.find(key, self.model.tokenizer_, Cache()) if isinstance(key, str) else None

    def tell(self, report: Evaluation) -> None:
        print_language_report(report, self.model.tokenizer_)

    def described(self) -> str:
        return f"language, the next {self.model.tokenizer} of a text"

    def next_command(self, output: Path) -> str:
        verb = "suggest" if self.model.tokenizer == "word" else "generate"
        return f'elman {verb} {shlex.quote(str(output))} "The "'
