"""What `elman train`, `test`, `peek`, `explain` and `demo` need of a task."""

from __future__ import annotations

import shlex
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from elman.console.options import refuse_options
from elman.console.terminal import read_prompt, say
from elman.errors import EmptyTextError, InputError

if TYPE_CHECKING:
    from elman.console.report import ScoreLabels
    from elman.console.terminal import ReadingProgress
    from elman.console.traces import TraceTable
    from elman.explain.trace import Trace
    from elman.metrics.report import Evaluation
    from elman.tasks.data_files import DataFiles
    from elman.tasks.inspection import Inspection
    from elman.tasks.task import Task
    from elman.text.files import TextSource
    from elman.training.events import Event


Found = TypeVar("Found")


class TaskCommands(ABC):
    """One task's model and files.

    Args:
        model: to be trained, or trained already.
        files: to learn from, or to be scored.

    Attributes:
        task: its record.
        scoring: what is being done while a report is made.
        predict_input: what to type after `elman predict MODEL`.
        primary_scores: the scores that say most; of a report the first that it has.
    """

    task: ClassVar[Task]
    scoring: ClassVar[str] = "scoring"
    predict_input: ClassVar[str] = "-"
    primary_scores: ClassVar[ScoreLabels]

    def __init__(self, model: Any, files: DataFiles) -> None:
        self.model = model
        self.files = files

    @classmethod
    @abstractmethod
    def open(cls, source: TextSource, files: DataFiles) -> Any:
        """A source as this task reads it: labelled rows, tagged sentences, pairs, ...

        Args:
            files: for their options.
        """

    @classmethod
    @abstractmethod
    def inspect(cls, files: DataFiles) -> Inspection:
        """What files hold for this task.

        Raises:
            InputError: they cannot be used; SettingError: for options that say nothing here.
        """

    def training(
        self, reading: ReadingProgress, checkpoint: Path | None, stop: Callable[[], bool]
    ) -> Iterator[Event]:
        """Read the files, then train.

        Raises:
            InputError: they cannot be used.
        """
        from elman.data.cache import Cache

        sources = [self.open(each, self.files) for each in self.files.given()]
        yield from self.model.training(
            sources[0],
            valid=sources[1] if len(sources) > 1 else None,
            cache=Cache(),
            checkpoint=checkpoint,
            progress=reading,
            stop=stop,
        )
        for source in sources:
            report_skipped(self.skipped(source), source.name)

    @classmethod
    def skipped(cls, source: Any) -> int:
        """How many bad rows of what `open` gave were left out."""
        return int(source.skipped)

    @abstractmethod
    def read(self, train: TextSource | None, reading: ReadingProgress) -> Any:
        """What the files hold that a trained model is to be scored on.

        Args:
            train: the training data, for the baseline, if the cache has lost it.

        Raises:
            InputError: they cannot be used.
        """

    def cached(self, part: str) -> Any:
        """Inputs and targets that the model was trained on; None where the cache has lost them.

        Args:
            part: 'content', what it learned from, or 'valid', what was held out.
        """
        from elman.data.cache import Cache
        from elman.data.example_cache import cached_examples

        rows = cached_examples(Cache(), str(self.model.record_.get(part)))
        return None if rows is None else ([each for each, _ in rows], [each for _, each in rows])

    def held_out(self) -> Any:
        """What `read` gives, of what was held out from the training; None where the model has
        learned from that since.

        Raises:
            InputError: the cache has lost it.
        """
        return not_lost(self.cached("valid"))

    def baseline(self) -> Any:
        """What has learned from the training data; None where the cache has lost that, or where
        there is nothing to learn."""
        found = self.cached("content")
        return None if found is None else self.fit_baseline(found)

    @abstractmethod
    def fit_baseline(self, data: Any) -> Any:
        """A baseline that has learned from what `cached` gave."""

    @abstractmethod
    def evaluated(self, data: Any, baseline: Any) -> Evaluation:
        """The model's scores on what `read` or `held_out` gave, and its baseline's beside them.

        Args:
            baseline: what `baseline` gave; None for the model's scores alone.
        """

    def report(self) -> Evaluation:
        """The scores of the trained model on what was held out, its baseline's beside them."""
        return self.evaluated(self.held_out(), self.baseline())

    @abstractmethod
    def tell(self, report: Evaluation) -> None:
        """Print a report."""

    @classmethod
    def explain(cls, model: Any, given: str | None, options: dict[str, Any]) -> Trace:  # noqa: ARG003
        """What a model makes of what `elman explain` was given: a text, or '-' for stdin.

        Args:
            options: those that were typed, by name.

        Raises:
            InputError: it cannot be read; SettingError: an option is out of range.
        """
        if given is None:
            raise EmptyTextError(
                "there is none", location="TEXT", hint="Quote one, or - for stdin."
            )
        text = read_prompt(given, None)
        trace: Trace = model.explain(text.rstrip("\r\n") if given == "-" else text)
        return trace

    @classmethod
    def trace_table(cls) -> TraceTable:
        """How a trace is printed."""
        from elman.console.traces import TraceTable

        return TraceTable()

    def described(self) -> str:
        """The task, in a few words, for the remark that it was inferred."""
        return f"{self.task.name}, {self.task.summary}"

    def next_command(self, output: Path) -> str:
        """What to type after the training."""
        return f"elman predict {shlex.quote(str(output))} {self.predict_input}"


def commands_to_train(task: Task, files: DataFiles, settings: dict[str, Any]) -> TaskCommands:
    """The commands of a new model.

    Args:
        settings: of the model, by name; None for those that were not typed.

    Raises:
        SettingError: for a setting that this task has no use for.
    """
    model = task.model_class()
    known = model.get_params()
    typed = {name: value for name, value in settings.items() if value is not None}
    refuse_options(task.name, **{name: typed[name] for name in typed if name not in known})
    return task.commands(model.set_params(**typed), files)


def report_skipped(count: int, name: str) -> None:
    """Say how many bad rows were left out, if any."""
    if count:
        say(f"{name}: {count:,} bad row{'s' if count > 1 else ''} left out.")


def no_baseline(baseline: object) -> tuple[str, ...]:
    """The remark that there is none, if so."""
    if baseline is not None:
        return ()
    return ("No baseline: the training data is not in the cache. Name it: --train FILE",)


def check_same(same: bool, name: str) -> None:
    """Whether the training data that was named is what the model learned from.

    Raises:
        InputError: where it is not.
    """
    if not same:
        raise InputError(
            "this is not what the model was trained on",
            location=name,
            hint="Name the same files as for elman train, or leave --train out.",
        )


def not_lost(found: Found | None) -> Found:
    """What was held out while the model was trained.

    Raises:
        InputError: where the cache was emptied meanwhile.
    """
    from elman.data.cache import Cache

    if found is None:
        raise InputError(
            "the texts have left the cache during training: the model is written, without scores",
            location=Cache().folder,
            hint="Score it: elman test MODEL FILE --train FILE",
        )
    return found
