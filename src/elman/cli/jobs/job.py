"""What `elman train`, `elman test` and `elman demo` need of a task."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from elman.cli.options import refuse_options
from elman.cli.terminal import say
from elman.errors import InputError
from elman.ranges import among

if TYPE_CHECKING:
    from elman.cli.terminal import Reading
    from elman.models import Model
    from elman.scoring.report import Evaluation
    from elman.text import TextSource
    from elman.training import Event


@dataclass(frozen=True)
class Files:
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
        from elman.text import TextSource

        typed = {
            name.replace("_", "-"): value
            for name, value in options.items()
            if value is not None and value is not False and value != []
        }
        open_source = partial(TextSource, encoding=encoding)
        held_out = open_source(valid) if valid else None
        return cls(open_source(data), held_out, open_source, typed)


class Job(ABC):
    """One task's model and files.

    Attributes:
        model: to be trained, or trained already.
        task: its name; options: what may be said of its files; kind: of its models.
    """

    task: ClassVar[str]
    options: ClassVar[tuple[str, ...]] = ()

    model: Any

    @classmethod
    @abstractmethod
    def kind(cls) -> type[Model]:
        """Of its models."""

    def __init__(self, model: Any, files: Files) -> None:
        self.model = model
        self.files = files

    @abstractmethod
    def training(
        self, reading: Reading, checkpoint: Path | None, stop: Callable[[], bool]
    ) -> Iterator[Event]:
        """Read the files, then train.

        Raises:
            InputError: where they cannot be used.
        """

    @abstractmethod
    def report(self) -> Evaluation:
        """The scores of the trained model on what was held out, its baseline's beside them."""

    @abstractmethod
    def test(self, train: TextSource | None, reading: Reading) -> Evaluation:
        """The scores of a trained model on files that it has not seen.

        Args:
            train: the training data, for the baseline, if the cache has lost it.
        """

    @abstractmethod
    def tell(self, report: Evaluation) -> None:
        """Print a report."""

    @abstractmethod
    def described(self) -> str:
        """The task, in a few words, for the remark that it was inferred."""

    @abstractmethod
    def next_command(self, output: Path) -> str:
        """What to type after the training."""


def remark_skipped(count: int, name: str) -> None:
    """Say how many bad rows were left out, if any."""
    if count:
        say(f"{name}: {count:,} bad row{'s' if count > 1 else ''} left out.")


def _jobs() -> dict[str, type[Job]]:
    from elman.cli.jobs.classify import ClassifyJob
    from elman.cli.jobs.language import LanguageJob
    from elman.cli.jobs.tag import TagJob

    return {job.task: job for job in (LanguageJob, ClassifyJob, TagJob)}


def task_of(files: Files, said: str | None) -> tuple[str, str]:
    """The task that files are for, and why; said by the user, it is that.

    Raises:
        SettingError: where there is no such task; InputError: where the files cannot be read.
    """
    from elman.text import infer_task

    if said is not None:
        among("task", said, _jobs())
        return said, "as said"
    guess = infer_task(files.data)
    return guess.task, guess.because


def job_for(task: str, files: Files, settings: dict[str, Any]) -> Job:
    """A job that trains a new model.

    Args:
        settings: of the model, by name; None for those that were not typed.

    Raises:
        SettingError: for a setting or an option that this task has no use for.
    """
    job = _jobs()[task]
    _check_options(job, files)
    model = job.kind()()
    known = model.get_params()
    typed = {name: value for name, value in settings.items() if value is not None}
    refuse_options(task, **{name: value for name, value in typed.items() if name not in known})
    return job(model.set_params(**typed), files)


def job_of(model: Model, files: Files) -> Job:
    """A job that scores a trained model.

    Raises:
        SettingError: for an option that its task has no use for.
    """
    job = _jobs()[model.task]
    _check_options(job, files)
    return job(model, files)


def _check_options(job: type[Job], files: Files) -> None:
    unused = {name: value for name, value in files.options.items() if name not in job.options}
    refuse_options(job.task, **unused)


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
            place=name,
            advice="Name the same files as for elman train, or leave --train out.",
        )


def scores_lost() -> InputError:
    """The error where the cache was emptied while the model was trained."""
    from elman.text import Cache

    return InputError(
        "the texts have left the cache during training: the model is written, without scores",
        place=Cache().folder,
        advice="Score it: elman test MODEL FILE --train FILE",
    )
