"""Text to continue: the last tenth is held out, the baseline is the best n-gram."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from elman.console.options import refuse_options
from elman.errors import SettingError
from elman.tasks.commands import CommandWords, TaskCommands, check_same, no_baseline
from elman.tasks.language_modeling.task import TASK

if TYPE_CHECKING:
    from elman.console.terminal import ReadingProgress
    from elman.console.traces import TraceTable
    from elman.data.corpus import Corpus
    from elman.metrics.report import Evaluation
    from elman.tasks.data_files import DataFiles
    from elman.tasks.language_modeling.baseline import NGramBaseline
    from elman.tasks.language_modeling.inspect import TextInspection
    from elman.tasks.language_modeling.model import LanguageModel
    from elman.tasks.task import Task
    from elman.text.files import TextSource


REPORTED = {"character": 100_000, "subword": 50_000, "word": 20_000}
"""The most tokens of the held-out text that the report at the end reads: words are typed, too."""

REPORTED_FRACTION = 0.1
"""Of the tokens that the training read: more would take more than a tenth of its time."""

FEWEST_REPORTED = 10_000


class LanguageModelingCommands(TaskCommands):
    """See `TaskCommands`."""

    model: LanguageModel

    task: ClassVar[Task] = TASK
    words: ClassVar[CommandWords] = CommandWords("What comes next")

    @classmethod
    def open(cls, source: TextSource, files: DataFiles) -> TextSource:
        """The whole texts, stripped if that was asked for; or the column of tables that was
        named."""
        from elman.text.boilerplate import StrippedTexts
        from elman.text.column_texts import ColumnTexts, check_running_text

        column = files.options.get("text-column")
        if column is None:
            check_running_text(source)
            return StrippedTexts(source) if files.options.get("strip") else source
        if files.options.get("strip"):
            raise SettingError(
                "a column of a table has nothing around it",
                location="strip",
                hint="Leave out --strip or --text-column",
            )
        return ColumnTexts(source, column)

    def read_as(self, source: TextSource) -> dict[str, Any]:  # noqa: ARG002
        column = self.files.options.get("text-column")
        return {} if column is None else {"text_column": column}

    @classmethod
    def skipped(cls, source: TextSource) -> int:  # noqa: ARG003  # a text has no rows
        return 0

    @classmethod
    def inspect(cls, files: DataFiles) -> TextInspection:
        from elman.tasks.language_modeling.inspect import inspect_source

        refuse_options(TASK.name, valid=files.valid)  # of held-out text there is nothing to say
        return inspect_source(cls.open(files.data, files))

    def read(self, train: TextSource | None, reading: ReadingProgress) -> Corpus:
        from elman.data.cache import Cache
        from elman.data.corpus import Corpus
        from elman.text.column_texts import usual_column

        cache, tokenizer = Cache(), self.model.tokenizer_
        files = self.files
        if files.options.get("text-column") is None:
            usual = usual_column(files.data, self.model.record_.get("text_column"))
            if usual is not None:
                files = replace(files, options={**files.options, "text-column": usual})
        data = self.open(files.data, files)
        corpus = Corpus.prepare(data, tokenizer, cache=cache, progress=reading)
        if train is not None:
            known = self.open(train, files)
            whole = Corpus.prepare(known, tokenizer, cache=cache, progress=reading)
            check_same(whole.content_hash == self.model.record_.get("content"), train.name)
        return corpus

    def cached(self, part: str) -> Corpus | None:
        from elman.data.cache import Cache
        from elman.data.corpus import Corpus

        key = self.model.record_.get("corpus" if part == "content" else part)
        return Corpus.find(key, self.model.tokenizer_, Cache()) if isinstance(key, str) else None

    def held_out(self) -> Corpus:
        found: Corpus = super().held_out()
        most = REPORTED[self.model.tokenizer]
        if self.model.has_network:
            read = int(REPORTED_FRACTION * self.model.record_["tokens_read"])
            most = min(most, max(FEWEST_REPORTED, read))
        return found.part(0, most) if len(found) > most else found

    def fit_baseline(self, data: Corpus) -> NGramBaseline:
        from elman.tasks.language_modeling.baseline import best_ngram

        return best_ngram(data.ids, self.model.tokenizer_)

    def evaluated(self, data: Corpus, baseline: NGramBaseline | None) -> Evaluation:
        from elman.tasks.language_modeling.evaluation import evaluate_language

        report = evaluate_language(self.model.predictor, data, baseline, no_baseline(baseline))
        if not self.model.has_network:
            report.details.pop("alone")
        return report

    def described(self) -> str:
        return f"{TASK.name}, the next {self.model.tokenizer} of a text"

    def next_command(self, output: Path) -> str:
        verb = "suggest" if self.model.tokenizer == "word" else "generate"
        return f'elman {verb} {shlex.quote(str(output))} "The "'

    @classmethod
    def trace_table(cls) -> TraceTable:
        from elman.console.traces import TraceTable, next_tokens

        return TraceTable(("after", "prediction", "actual"), next_tokens)


COMMANDS = LanguageModelingCommands
