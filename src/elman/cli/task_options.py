"""The options that only some tasks have, as parameters of a command."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Annotated, Any

import typer

from elman.ranges import listed
from elman.tasks.options import Option
from elman.tasks.table import TASKS

TaskName = Annotated[
    str | None,
    typer.Option("--task", help=f"{listed(TASKS)}; by default what the files look like."),
]


def options_of_tasks(command: str) -> dict[str, Option]:
    """The options of a command that any task has, by name."""
    return {
        name: option for task in TASKS.values() for name, option in task.options_of(command).items()
    }


def task_options(command: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command the options of all tasks: they take the place of its `**options`."""

    def decorate(function: Callable[..., None]) -> Callable[..., None]:
        @wraps(function)
        def run(**given: Any) -> None:
            function(**given)

        signature = inspect.signature(function, eval_str=True)
        own = [
            each
            for each in signature.parameters.values()
            if each.kind is not inspect.Parameter.VAR_KEYWORD
        ]
        # Typer looks at the signature, and at the annotations of what stands behind it.
        named = [*own, *map(_parameter, options_of_tasks(command).values())]
        run.__signature__ = signature.replace(  # type: ignore[attr-defined]
            parameters=[each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in named]
        )
        run.__annotations__ = {each.name: each.annotation for each in named}
        del run.__wrapped__
        return run

    return decorate


def model_settings(command: str, options: dict[str, Any]) -> dict[str, Any]:
    """Take those options out that are settings of the model.

    Returns:
        What was typed for each of them, by parameter.
    """
    settings = _parameters(each for each in options_of_tasks(command).values() if each.of_model)
    return {name: options.pop(name) for name in settings}


def _parameters(options: Iterable[Option]) -> list[str]:
    return [option.parameter for option in options]


def _parameter(option: Option) -> inspect.Parameter:
    typed: Any = list[option.type] if option.many else option.type  # type: ignore[name-defined]
    of_value: Any = bool if option.type is bool else typed | None
    details = typer.Option(
        f"--{option.name}", metavar=option.metavar, help=option.help, readable=False
    )
    return inspect.Parameter(
        option.parameter,
        inspect.Parameter.KEYWORD_ONLY,
        default=False if option.type is bool else None,
        annotation=Annotated[of_value, details],
    )
