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
    from elman.server.account import Account
    from elman.tasks.job import TaskCommands


HOST = "127.0.0.1"


@contextmanager
def live(job: TaskCommands, output: Path) -> Iterator[Account]:
    """Within it a run is shown at an address that is said; what is told of it shows there.

    Raises:
        SettingError: where the packages for it are not installed.
    """
    try:
        from elman.server.account import Account
        from elman.server.app import create_watching_app
        from elman.server.limits import Limits
        from elman.server.running import beside, listen
    except ModuleNotFoundError as error:
        raise SettingError(
            f"it needs {error.name}, which is not here",
            location="watch",
            hint="pip install 'elman[serve]'",
        ) from error
    settings = job.model.get_params()
    account = Account(
        {
            "model": output.name,
            "data": job.files.data.name,
            "task": job.described(),
            "minutes": None if settings["steps"] else settings["minutes"],
            "steps": settings["steps"],
        }
    )
    limits = Limits(per_client=64, connections=64)
    place = listen(HOST, 0)
    with beside(create_watching_app(account, limits), limits, place):
        say(f"Watch it at http://{HOST}:{place.getsockname()[1]}")
        try:
            yield account
        except BaseException as error:
            account.end(error=_cause(error))
            raise


def _cause(error: BaseException) -> str:
    if isinstance(error, KeyboardInterrupt):
        return "It was interrupted."
    return str(error) if isinstance(error, ElmanError) else "It failed; the terminal says why."


def tell_end(
    account: Account, job: TaskCommands, output: Path, report: Evaluation, interrupted: bool
) -> None:
    """Say what a run came to, and what may be done with it."""
    told: dict[str, Any] = finite(report.to_json())
    told.pop("details", None)
    account.end(
        report=told,
        interrupted=interrupted,
        size=size_in_words(output.stat().st_size),
        commands=[f"elman serve {shlex.quote(str(output))}", job.next_command(output)],
    )
