"""A task as the commands know it: its files read, its model trained, its report made and told.

One a task; it is imported when its task is known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from elman.console.options import refuse_options
from elman.ranges import among
from elman.tasks.job import DataFiles, TaskCommands

if TYPE_CHECKING:
    from elman.tasks.estimator import Model
    from elman.tasks.job import Look


def _jobs() -> dict[str, type[TaskCommands]]:
    from elman.tasks.classification.commands import ClassificationCommands
    from elman.tasks.description.commands import DescriptionCommands
    from elman.tasks.forecasting.commands import ForecastingCommands
    from elman.tasks.language_modeling.commands import LanguageModelingCommands
    from elman.tasks.tagging.commands import TaggingCommands
    from elman.tasks.translation.commands import TranslationCommands

    jobs = (
        LanguageModelingCommands,
        ClassificationCommands,
        TaggingCommands,
        TranslationCommands,
        DescriptionCommands,
        ForecastingCommands,
    )
    return {job.task: job for job in jobs}


def task_of(files: DataFiles, said: str | None) -> tuple[str, str]:
    """The task that files are for, and why: as the user said, or as the columns tell that the user
    named, or as the files look.

    Raises:
        SettingError: where there is no such task; InputError: where the files cannot be read.
    """
    from elman.data.infer_task import infer_task

    jobs = _jobs()
    if said is not None:
        among("task", said, jobs)
        return said, "as --task says"
    for job in jobs.values():
        named = [option for option in job.telling if option in files.options]
        if named:
            return job.task, f"as --{named[0]} says"
    guess = infer_task(files.data)
    return guess.task, guess.because


def commands_for(task: str, files: DataFiles, settings: dict[str, Any]) -> TaskCommands:
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


def commands_of(model: Model, files: DataFiles) -> TaskCommands:
    """A job that scores a trained model.

    Raises:
        SettingError: for an option that its task has no use for.
    """
    job = _jobs()[model.task]
    _check_options(job, files)
    return job(model, files)


def inspect_files(task: str, files: DataFiles) -> Look:
    """A first look at files for a task.

    Raises:
        SettingError: for an option that this task has no use for; InputError: for such files.
    """
    job = _jobs()[task]
    _check_options(job, files)
    return job.look(files)


def _check_options(job: type[TaskCommands], files: DataFiles) -> None:
    unused = {name: value for name, value in files.options.items() if name not in job.options}
    refuse_options(job.task, **unused)
