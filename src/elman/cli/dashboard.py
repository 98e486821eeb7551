"""elman train --watch: a page on which a run is seen as it goes."""

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
    """Within it a run is shown at an address that is said; what is told of it shows there.

    Raises:
        SettingError: where the packages for it are not installed.
    """
    try:
        from elman.server.app import create_training_app
        from elman.server.event_log import EventLog
        from elman.server.limits import Limits
        from elman.server.runner import background_server, listen
    except ModuleNotFoundError as error:
        raise SettingError(
            f"it needs {error.name}, which is not here",
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
        return "It was interrupted."
    return str(error) if isinstance(error, ElmanError) else "It failed; the terminal says why."


def tell_end(
    log: EventLog, job: TaskCommands, output: Path, report: Evaluation, interrupted: bool
) -> None:
    """Say what a run came to, and what may be done with it."""
    told: dict[str, Any] = finite(report.to_json())
    told.pop("details", None)
    log.end(
        report=told,
        interrupted=interrupted,
        size=size_in_words(output.stat().st_size),
        commands=[f"elman serve {shlex.quote(str(output))}", job.next_command(output)],
    )
