"""Every error as the one line that its user reads, and the status that goes with it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from typer.exceptions import TyperException

from elman.errors import ElmanError, SettingError

_OUT_OF_MEMORY = ("can't allocate memory", "out of memory")


def in_one_line(error: Exception, arguments: list[str], command: Any) -> tuple[str, int]:
    """What to print after `elman: `, and the exit status.

    Args:
        command: of the whole program, with its commands and their options.

    Raises:
        Exception: the error itself, where it is no user's but a fault of ours.
    """
    if isinstance(error, SettingError):
        return _of_setting(error, command), 1
    if isinstance(error, ElmanError):
        return str(error), 1
    if isinstance(error, TyperException):
        return f"{_sentence(error)} Try: {_help_of(arguments, command)}", error.exit_code
    if isinstance(error, OSError):
        place = error.filename if error.filename is not None else "standard output"
        cause = (error.strerror or str(error)).lower()
        return f"{place}: {cause}. Free some room there, or name another place.", 1
    if isinstance(error, MemoryError) or any(each in str(error) for each in _OUT_OF_MEMORY):
        hint = "Ask for less: a smaller --hidden-size, fewer --layers, fewer --samples."
        return f"there is not enough memory for this. {hint}", 1
    raise error


def _of_setting(error: SettingError, command: Any) -> str:
    """The settings of a model are options here, and are named as one types them."""
    option = f"--{error.location}"
    known = {name for each in _commands(command) for p in each.params for name in p.opts}
    return f"--{error}" if option in known else str(error)


def _sentence(error: TyperException) -> str:
    """`--minutes: 'abc' is not a number.` out of the parser's own words."""
    parameter = getattr(error, "param", None)
    cause = error.__cause__
    said = cause.errors()[0] if cause is not None and hasattr(cause, "errors") else {}
    kinds = {"int_parsing": "whole number", "float_parsing": "number", "int_from_float": "number"}
    kind = kinds.get(said.get("type", ""))
    if parameter is not None and kind is not None:
        return f"{parameter.opts[-1]}: {said['input']!r} is not a {kind}."
    line = " ".join(error.format_message().split())
    return line if line.endswith((".", "?", "!")) else f"{line}."


def _help_of(arguments: list[str], command: Any) -> str:
    named = arguments[0] if arguments and arguments[0] in command.commands else ""
    return " ".join(filter(None, ["elman", named, "--help"]))


def _commands(command: Any) -> Iterator[Any]:
    yield command
    yield from command.commands.values()
