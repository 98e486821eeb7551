"""elman train --watch: a page that shows a training while it runs."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from elman.console.terminal import finite, say, size_in_words
from elman.errors import ElmanError, SettingError

if TYPE_CHECKING:
    from elman.metrics.report import Evaluation
    from elman.server.event_log import EventLog
    from elman.tasks.commands import TaskCommands


HOST = "127.0.0.1"


@contextmanager
def live(job: TaskCommands, output: Path) -> Iterator[EventLog]:
    """Serve a training page while the context is open, and print its address.

    Args:
        job: the task, its model and its files.
        output: the model file that the training writes.

    Yields:
        The event log that the page shows.

    Raises:
        SettingError: the packages of the server are not installed.
    """
    try:
        from elman.server.app import create_training_app
        from elman.server.event_log import EventLog
        from elman.server.limits import Limits
        from elman.server.runner import background_server, listen
    except ModuleNotFoundError as error:
        raise SettingError(
            f"it needs {error.name}, which is not installed",
            location="watch",
            hint="pip install 'elman[serve]'",
        ) from error
    settings = job.model.get_params()
    log = EventLog(
        {
            "model": output.name,
            "data": job.files.data.name,
            "task": job.described(),
            "minutes": None if settings["steps"] else settings["minutes"],
            "steps": settings["steps"],
        }
    )
    limits = Limits(per_client=64, connections=64)
    listening = listen(HOST, 0)
    with background_server(create_training_app(log, limits), limits, listening):
        say(f"Watch it at http://{HOST}:{listening.getsockname()[1]}")
        try:
            yield log
        except BaseException as error:
            log.end(error=_cause(error))
            raise


def _cause(error: BaseException) -> str:
    if isinstance(error, KeyboardInterrupt):
        return "The training was interrupted."
    return (
        error.in_shell
        if isinstance(error, ElmanError)
        else "The training failed; the terminal shows the error."
    )


def log_end(
    log: EventLog, job: TaskCommands, output: Path, report: Evaluation, interrupted: bool
) -> None:
    """Log the end of a training: its scores, its file and the next commands."""
    scores: dict[str, Any] = finite(report.to_json())
    scores.pop("details", None)
    log.end(
        report=scores,
        interrupted=interrupted,
        size=size_in_words(output.stat().st_size),
        commands=[f"elman serve {shlex.quote(str(output))}", job.next_command(output)],
    )
