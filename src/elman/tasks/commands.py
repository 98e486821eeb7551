"""The interface of a task to `elman train`, `test`, `peek`, `explain` and `demo`."""

from __future__ import annotations

import shlex
import warnings
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, TypeVar

from elman.console.options import refuse_options
from elman.console.terminal import read_prompt, say
from elman.errors import EmptyTextError, InputError, UnseenLabelWarning

if TYPE_CHECKING:
    from elman.console.terminal import ReadingProgress
    from elman.console.traces import TraceTable
    from elman.explain.trace import Trace
    from elman.metrics.report import Evaluation
    from elman.tasks.data_files import DataFiles
    from elman.tasks.inspection import Inspection
    from elman.tasks.task import Task
    from elman.text.files import TextSource
    from elman.training.events import Event


SCORING = 0.1
"""The fraction of a training's minutes that is left for its report, about."""

Data = TypeVar("Data")

_SHOWN = 5  # labels in a warning


class CommandWords(NamedTuple):
    """What the commands print of a task.

    Attributes:
        explanation_title: the heading of a page with a trace.
        predicts: the inputs that `elman predict` counts, such as 'sentences'; None if the model
            predicts nothing that the command can write.
        predict_input: the words to type after `elman predict MODEL`.
        scoring: label of the progress spinner during evaluation.
    """

    explanation_title: str
    predicts: str | None = None
    predict_input: str = "-"
    scoring: str = "scoring"


class TaskCommands(ABC):
    """The model and the files of one task.

    Args:
        model: the estimator, fitted or not.
        files: the data files, to train on or to score.

    Attributes:
        task: the record of the task.
        words: what the commands print of it.
    """

    task: ClassVar[Task]
    words: ClassVar[CommandWords]

    def __init__(self, model: Any, files: DataFiles) -> None:
        self.model = model
        self.files = files

    @classmethod
    @abstractmethod
    def open(cls, source: TextSource, files: DataFiles) -> Any:
        """Open a source as the examples of this task, such as labelled rows or pairs.

        Args:
            source: the files.
            files: holds the typed options.
        """

    @classmethod
    def inspect(cls, files: DataFiles) -> Inspection:
        """Inspect data files for this task.

        Raises:
            InputError: they cannot be used.
            SettingError: an option does not apply.
        """
        return cls.task.inspection(*(cls.open(each, files) for each in files.given()))

    def training(
        self, reading: ReadingProgress, checkpoint: Path | None, stop: Callable[[], bool]
    ) -> Iterator[Event]:
        """Read the files, then train.

        Args:
            reading: shows the progress of reading.
            checkpoint: file for the state of an unfinished training; None writes none.
            stop: called before each step; True ends the training early.

        Yields:
            The events of the training.

        Raises:
            InputError: the files cannot be used.
        """
        from elman.data.cache import Cache

        sources = [self.open(each, self.files) for each in self.files.given()]
        events = self.model.training(
            sources[0],
            valid=sources[1] if len(sources) > 1 else None,
            cache=Cache(),
            checkpoint=checkpoint,
            progress=reading,
            stop=stop,
            scoring=SCORING,
        )
        yield from self.recorded(events, sources[0])
        for source in sources:
            report_skipped(self.skipped(source), source.name)

    def read_as(self, source: Any) -> dict[str, Any]:  # noqa: ARG002
        """How the texts of a source from `open` were read, so that later commands read others
        alike: `text_column` and `label_column`, or `one_text_per_file`; empty where nothing has to
        be known."""
        return {}

    def recorded(self, events: Iterable[Event], source: Any) -> Iterator[Event]:
        """The events of a training, at whose end the record tells how the data was read. Warnings
        about the data are printed as lines."""
        from elman.training.events import Finished

        following = iter(events)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", UnseenLabelWarning)
            first = next(following, None)
        for warning in caught:
            say(f"{warning.message}.")
        for event in following if first is None else chain([first], following):
            if isinstance(event, Finished):
                self.model.record_ |= self.read_as(source)
            yield event

    @classmethod
    def skipped(cls, source: Any) -> int:
        """The number of bad rows that were skipped in a source from `open`."""
        return int(source.skipped)

    @abstractmethod
    def read(self, train: TextSource | None, reading: ReadingProgress) -> Any:
        """Read the test set from the files.

        Args:
            train: the training data, to cache again for the baseline; None: it is cached.
            reading: shows the progress of reading.

        Raises:
            InputError: the files cannot be used.
        """

    def cached(self, part: str) -> Any:
        """Inputs and targets of the training from the cache; None if they are no longer there.

        Args:
            part: 'content' for the training set, 'valid' for the validation set.
        """
        from elman.data.cache import Cache
        from elman.data.example_cache import cached_examples

        rows = cached_examples(Cache(), str(self.model.record_.get(part)))
        return None if rows is None else ([each for each, _ in rows], [each for _, each in rows])

    def held_out(self) -> Any:
        """The validation set, as `read` returns a test set; None if the model was later trained
        on it too.

        Raises:
            InputError: it is no longer in the cache.
        """
        return still_cached(self.cached("valid"))

    def baseline(self) -> Any:
        """The baseline fitted on the training data; None if the data is no longer cached, or if
        the baseline has nothing to fit."""
        data = self.cached("content")
        return None if data is None else self.fit_baseline(data)

    @abstractmethod
    def fit_baseline(self, data: Any) -> Any:
        """Fit a baseline on data from `cached`."""

    @abstractmethod
    def evaluated(self, data: Any, baseline: Any) -> Evaluation:
        """Score the model and its baseline.

        Args:
            data: a test set from `read`, or the validation set from `held_out`.
            baseline: the fitted baseline; None scores the model alone.
        """

    def report(self) -> Evaluation:
        """Score the trained model and its baseline on the validation set."""
        return self.evaluated(self.held_out(), self.baseline())

    @classmethod
    def explain(cls, model: Any, given: str | None, options: dict[str, Any]) -> Trace:  # noqa: ARG003
        """Trace a model on one input.

        Args:
            model: the fitted estimator.
            given: the argument of `elman explain`: a text, or '-' for stdin.
            options: the typed options, by name.

        Raises:
            InputError: the input cannot be read.
            SettingError: an option is out of range.
        """
        if given is None:
            raise EmptyTextError(
                "a text is needed", location="TEXT", hint="Type one in quotes, or - for stdin."
            )
        text = read_prompt(given, None)
        trace: Trace = model.explain(text.rstrip("\r\n") if given == "-" else text)
        return trace

    @classmethod
    def trace_table(cls) -> TraceTable:
        """The columns of a printed trace."""
        from elman.console.traces import TraceTable

        return TraceTable()

    def described(self) -> str:
        """The task in a few words, for the notice that it was inferred."""
        return f"{self.task.name}, {self.task.summary}"

    def next_command(self, output: Path) -> str:
        """The command to type after the training."""
        return f"elman predict {shlex.quote(str(output))} {self.words.predict_input}"


def commands_to_train(task: Task, files: DataFiles, settings: dict[str, Any]) -> TaskCommands:
    """Create a model and its commands.

    Args:
        task: the record of the task.
        files: the data files.
        settings: of the model, by name; None for those not typed.

    Raises:
        SettingError: a setting does not apply to this task.
    """
    model = task.model_class()
    known = model.get_params()
    typed = {name: value for name, value in settings.items() if value is not None}
    refuse_options(task.name, **{name: typed[name] for name in typed if name not in known})
    return task.commands(model.set_params(**typed), files)


def report_skipped(count: int, name: str) -> None:
    """Print how many bad rows of a source were skipped, if any."""
    if count:
        say(f"{name}: {count:,} bad row{'s' if count > 1 else ''} skipped.")


def no_baseline(baseline: object) -> tuple[str, ...]:
    """The warning that there is no baseline; empty if there is one."""
    if baseline is not None:
        return ()
    return ("No baseline: the training data is not in the cache. Name it: --train FILE",)


def unseen_in(
    gold: Iterable[str], known: Iterable[str], inputs: str, label: str
) -> tuple[str, ...]:
    """The warning that some labels of a test set were never learned; empty if all were.

    Their inputs are scored as errors, as conlleval and scikit-learn do.

    Args:
        gold: the labels of the test set.
        known: those of the model.
        inputs, label: what has a label, and what it is, in the singular.
    """
    names = set(known)
    unseen = Counter(each for each in gold if each not in names)
    if not unseen:
        return ()
    shown = ", ".join(list(unseen)[:_SHOWN]) + (", ..." if len(unseen) > _SHOWN else "")
    counted = f"{unseen.total():,} {inputs}{'' if unseen.total() == 1 else 's'}"
    return (f"No training example has the {label} of {counted} ({shown}); scored as errors.",)


def check_same(same: bool, name: str) -> None:
    """Check that the files after --train are the training data of the model.

    Args:
        same: whether they are.
        name: of the files, for the message.

    Raises:
        InputError: they are not.
    """
    if not same:
        raise InputError(
            "this is not the training data of the model",
            location=name,
            hint="Name the same files as for elman train, or leave --train out.",
        )


def still_cached(data: Data | None) -> Data:
    """The validation set from the cache.

    Raises:
        InputError: the cache was emptied during training.
    """
    from elman.data.cache import Cache

    if data is None:
        raise InputError(
            "the cache was emptied during training: the model is written, without scores",
            location=Cache().folder,
            hint="Score it: elman test MODEL FILE --train FILE",
        )
    return data
