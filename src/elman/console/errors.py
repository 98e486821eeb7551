"""Errors as one line on stderr and an exit status."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from typer.exceptions import TyperException

from elman.errors import ElmanError, SettingError

LEARNING = ("torch", "sklearn", "scipy", "sacrebleu", "rapidfuzz")
"""Packages of the extra `train`, to train and to test: using a trained model needs none of them."""

_OUT_OF_MEMORY = ("can't allocate memory", "out of memory")


def in_one_line(error: Exception, arguments: list[str], command: Any) -> tuple[str, int]:
    """The line to print after `elman: `, and the exit status.

    Args:
        error: the error.
        arguments: the words after `elman`.
        command: the root command of the program.

    Raises:
        Exception: the error itself, if it is a bug of the program.
    """
    if isinstance(error, SettingError):
        return _of_setting(error, command), 1
    if isinstance(error, ElmanError):
        return error.in_shell, 1
    if isinstance(error, TyperException):
        return f"{_sentence(error)} Try: {_help_of(arguments, command)}", error.exit_code
    if isinstance(error, OSError):
        location = error.filename if error.filename is not None else "standard output"
        cause = (error.strerror or str(error)).lower()
        return f"{location}: {cause}. Free some room there, or name another place.", 1
    if isinstance(error, ModuleNotFoundError) and error.name in LEARNING:
        return f"this needs {error.name}, which is not installed. pip install 'elman[train]'", 1
    if isinstance(error, MemoryError) or any(each in str(error) for each in _OUT_OF_MEMORY):
        hint = "Ask for less: a smaller --hidden-size, fewer --layers, fewer --samples."
        return f"there is not enough memory for this. {hint}", 1
    raise error


def _of_setting(error: SettingError, command: Any) -> str:
    """Name a setting by its option, such as --hidden-size."""
    option = f"--{error.location}"
    known = {name for each in _commands(command) for p in each.params for name in p.opts}
    return f"--{error.in_shell}" if option in known else error.in_shell


def _sentence(error: TyperException) -> str:
    """Rewrite an error of the parser: `--minutes: 'abc' is not a number.`"""
    parameter = getattr(error, "param", None)
    cause = error.__cause__
    details = cause.errors()[0] if cause is not None and hasattr(cause, "errors") else {}
    kinds = {"int_parsing": "whole number", "float_parsing": "number", "int_from_float": "number"}
    kind = kinds.get(details.get("type", ""))
    if parameter is not None and kind is not None:
        return f"{parameter.opts[-1]}: {details['input']!r} is not a {kind}."
    line = " ".join(error.format_message().split())
    return line if line.endswith((".", "?", "!")) else f"{line}."


def _help_of(arguments: list[str], command: Any) -> str:
    named = arguments[0] if arguments and arguments[0] in command.commands else ""
    return " ".join(filter(None, ["elman", named, "--help"]))


def _commands(command: Any) -> Iterator[Any]:
    yield command
    yield from command.commands.values()
