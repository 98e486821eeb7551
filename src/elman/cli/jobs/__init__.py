"""A task as the commands know it: its files read, its model trained, its report made and told.

One job a file. `job_for` and `job_of` are the doors; a job is imported when its task is known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from elman.cli.jobs.job import Files, Job
from elman.cli.options import refuse_options
from elman.ranges import among

if TYPE_CHECKING:
    from elman.cli.jobs.job import Look
    from elman.models import Model

__all__ = ["Files", "Job", "job_for", "job_of", "look_at", "task_of"]


def _jobs() -> dict[str, type[Job]]:
    from elman.cli.jobs.classify import ClassifyJob
    from elman.cli.jobs.describe import DescribeJob
    from elman.cli.jobs.forecast import ForecastJob
    from elman.cli.jobs.language import LanguageJob
    from elman.cli.jobs.tag import TagJob
    from elman.cli.jobs.translate import TranslateJob

    jobs = (LanguageJob, ClassifyJob, TagJob, TranslateJob, DescribeJob, ForecastJob)
    return {job.task: job for job in jobs}


def task_of(files: Files, said: str | None) -> tuple[str, str]:
    """The task that files are for, and why: as the user said, or as the columns tell that the user
    named, or as the files look.

    Raises:
        SettingError: where there is no such task; InputError: where the files cannot be read.
    """
    from elman.text import infer_task

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


def look_at(task: str, files: Files) -> Look:
    """A first look at files for a task.

    Raises:
        SettingError: for an option that this task has no use for; InputError: for such files.
    """
    job = _jobs()[task]
    _check_options(job, files)
    return job.look(files)


def _check_options(job: type[Job], files: Files) -> None:
    unused = {name: value for name, value in files.options.items() if name not in job.options}
    refuse_options(job.task, **unused)
