"""What `elman train`, `elman test` and `elman demo` need of a task."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

from elman.console.terminal import say
from elman.errors import InputError

if TYPE_CHECKING:
    from elman.console.terminal import ReadingProgress
    from elman.metrics.report import Evaluation
    from elman.tasks.classification.inspect import LabelledInspection
    from elman.tasks.description.inspect import VectorsInspection
    from elman.tasks.estimator import Model
    from elman.tasks.forecasting.inspect import SeriesInspection
    from elman.tasks.language_modeling.inspect import TextInspection
    from elman.tasks.tagging.inspect import TaggedInspection
    from elman.tasks.translation.inspect import PairsInspection
    from elman.text.files import TextSource
    from elman.training.events import Event

    Look = (
        TextInspection
        | LabelledInspection
        | TaggedInspection
        | PairsInspection
        | VectorsInspection
        | SeriesInspection
    )


Found = TypeVar("Found")


@dataclass(frozen=True)
class DataFiles:
    """The files of a command, and how they are to be read.

    Args:
        data: to learn from, or to be scored.
        valid: held out, where there is such a text.
        open: paths -> a source, in the encoding that was said.
        options: by the names they are typed with; those that were not typed are absent.
    """

    data: TextSource
    valid: TextSource | None
    open: Callable[[Sequence[Path]], TextSource]
    options: dict[str, Any]

    @classmethod
    def named(
        cls,
        data: Sequence[Path],
        valid: Sequence[Path] | None = None,
        encoding: str = "utf-8",
        **options: Any,
    ) -> Self:
        """The files of these paths; options that are None or False were not typed."""
        from elman.text.files import TextSource

        typed = {
            name.replace("_", "-"): value
            for name, value in options.items()
            if value is not None and value is not False and value != []
        }
        open_source = partial(TextSource, encoding=encoding)
        held_out = open_source(valid) if valid else None
        return cls(open_source(data), held_out, open_source, typed)

    def given(self) -> Iterator[TextSource]:
        """The data, then the held-out data if there is some."""
        yield from filter(None, (self.data, self.valid))


class TaskCommands(ABC):
    """One task's model and files.

    Attributes:
        model: to be trained, or trained already.
        task: its name; options: what may be said of its files; telling: those of them that name
        columns which only this task has, and so tell the task.
        scoring: what is being done while a report is made.
    """

    task: ClassVar[str]
    options: ClassVar[tuple[str, ...]] = ()
    telling: ClassVar[tuple[str, ...]] = ()
    scoring: ClassVar[str] = "scoring"

    model: Any

    @classmethod
    @abstractmethod
    def kind(cls) -> type[Model]:
        """Of its models."""

    @classmethod
    @abstractmethod
    def look(cls, files: DataFiles) -> Look:
        """A first look at files for this task.

        Raises:
            InputError: where they cannot be used; SettingError: for options that say nothing here.
        """

    def __init__(self, model: Any, files: DataFiles) -> None:
        self.model = model
        self.files = files

    @abstractmethod
    def training(
        self, reading: ReadingProgress, checkpoint: Path | None, stop: Callable[[], bool]
    ) -> Iterator[Event]:
        """Read the files, then train.

        Raises:
            InputError: where they cannot be used.
        """

    @abstractmethod
    def read(self, train: TextSource | None, reading: ReadingProgress) -> Any:
        """What the files hold that a trained model is to be scored on.

        Args:
            train: the training data, for the baseline, if the cache has lost it.

        Raises:
            InputError: where they cannot be used.
        """

    @abstractmethod
    def held_out(self) -> Any:
        """The same of what was held out from the training; None where the model has learned from
        that since.

        Raises:
            InputError: where the cache has lost it.
        """

    @abstractmethod
    def baseline(self) -> Any:
        """What has learned from the training data; None where the cache has lost that, or where
        there is nothing to learn."""

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

    @abstractmethod
    def described(self) -> str:
        """The task, in a few words, for the remark that it was inferred."""

    @abstractmethod
    def next_command(self, output: Path) -> str:
        """What to type after the training."""


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
