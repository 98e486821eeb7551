"""Add the options of single tasks to a command."""

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
    typer.Option("--task", help=f"{listed(TASKS)} (default: inferred from the files)."),
]


def options_of_tasks(command: str) -> dict[str, Option]:
    """The options of a command that any task has, by name."""
    return {
        name: option for task in TASKS.values() for name, option in task.options_of(command).items()
    }


def task_options(command: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Decorate a command: replace its `**options` with the options of all tasks.

    Args:
        command: its name, such as 'train'.
    """

    def decorate(function: Callable[..., None]) -> Callable[..., None]:
        @wraps(function)
        def run(**given: Any) -> None:
            function(**given)

        add_parameters(run, function, map(_parameter, options_of_tasks(command).values()))
        return run

    return decorate


def add_parameters(
    run: Callable[..., None], function: Callable[..., None], more: Iterable[inspect.Parameter]
) -> None:
    """Give a wrapped command more parameters, in place of any `**options`.

    Args:
        run: the wrapper, made with `functools.wraps`.
        function: the command that it wraps.
        more: follow those of the command.
    """
    signature = inspect.signature(function, eval_str=True)
    own = [
        each
        for each in signature.parameters.values()
        if each.kind is not inspect.Parameter.VAR_KEYWORD
    ]
    # Typer reads the signature, and the annotations of a wrapped function.
    named = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in (*own, *more)]
    run.__signature__ = signature.replace(parameters=named)  # type: ignore[attr-defined]
    run.__annotations__ = {each.name: each.annotation for each in named}
    del run.__wrapped__  # type: ignore[attr-defined]


def model_settings(command: str, options: dict[str, Any]) -> dict[str, Any]:
    """Remove the settings of the model from the options of a command.

    Args:
        command: its name, such as 'train'.
        options: values by parameter; those of settings are removed.

    Returns:
        The settings by parameter; None for those not typed.
    """
    settings = _parameters(each for each in options_of_tasks(command).values() if each.of_model)
    return {name: options.pop(name) for name in settings}


def _parameters(options: Iterable[Option]) -> list[str]:
    return [option.parameter for option in options]


def _parameter(option: Option) -> inspect.Parameter:
    value: Any = list[option.type] if option.many else option.type  # type: ignore[name-defined]
    annotation: Any = bool if option.type is bool else value | None
    details = typer.Option(
        f"--{option.name}", metavar=option.metavar, help=option.help, readable=False
    )
    return inspect.Parameter(
        option.parameter,
        inspect.Parameter.KEYWORD_ONLY,
        default=False if option.type is bool else None,
        annotation=Annotated[annotation, details],
    )
