"""The option --threads, which every command that computes has."""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any

import typer

from elman.ranges import check_integer

MOST = 1024

VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
"""What the libraries read as they are loaded."""

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

    signature = inspect.signature(function, eval_str=True)
    own = [
        each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in signature.parameters.values()
    ]
    option = inspect.Parameter(
        "threads", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Threads
    )
    named = [*own, option]
    run.__signature__ = signature.replace(parameters=named)  # type: ignore[attr-defined]
    run.__annotations__ = {each.name: each.annotation for each in named}
    del run.__wrapped__
    return run


def use_threads(count: int) -> None:
    """Compute with this many threads, in torch and in what it loads.

    Args:
        count: 1 to 1,024.

    Raises:
        SettingError: it is out of range.
    """
    check_integer("threads", count, 1, MOST)
    os.environ.update(dict.fromkeys(VARIABLES, str(count)))
    if "torch" in sys.modules:
        import torch

        torch.set_num_threads(count)
