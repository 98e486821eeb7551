"""The option --threads, which every command that computes has."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any

import typer

from elman.cli.task_options import add_parameters
from elman.kernels.threads import set_threads
from elman.ranges import check_integer

MOST = 1024

Threads = Annotated[
    int | None, typer.Option("--threads", help="Threads to compute with (default: all cores).")
]


def with_threads(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command the option --threads."""

    @wraps(function)
    def run(*, threads: int | None, **given: Any) -> None:
        if threads is not None:
            use_threads(threads)
        function(**given)

    option = inspect.Parameter(
        "threads", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Threads
    )
    add_parameters(run, function, [option])
    return run


def use_threads(count: int) -> None:
    """Compute with this many threads.

    Args:
        count: 1 to 1,024.

    Raises:
        SettingError: it is out of range.
    """
    check_integer("threads", count, 1, MOST)
    set_threads(count)
