"""The command `elman`: one thin command a file, results on stdout, remarks on stderr.

Nothing here imports torch before a command needs it: `elman --help` answers at once.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import NoReturn

import typer
from typer.exceptions import TyperException

from elman.cli.cache import cache
from elman.cli.demo import demo
from elman.cli.generate import generate
from elman.cli.info import info
from elman.cli.peek import peek
from elman.cli.suggest import suggest
from elman.cli.test import test
from elman.cli.train import train
from elman.errors import ElmanError
from elman.version import __version__

app = typer.Typer(
    name="elman",
    help="Recurrent networks for text: train on your own words, watch, write, ship one safe file.",
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

for command in (peek, train, test, generate, suggest, info, cache, demo):
    app.command()(command)


def _version(asked: bool) -> None:
    if asked:
        print(f"elman {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Print the version."
    ),
) -> None: ...


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run a command; whatever goes wrong is one line on stderr and a status that is not 0.

    Status 1: something could not be done; 2: the command was not understood; 130: interrupted.
    """
    for stream in (sys.stdout, sys.stderr):
        # A prompt of any bytes, a terminal of any encoding: print what can be shown.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    try:
        status = app(arguments, standalone_mode=False)
        sys.stdout.flush()
    except ElmanError as error:
        _end(str(error), 1)
    except TyperException as error:
        if not str(error):  # a bare `elman`: its help has been printed
            sys.exit(2)
        _end(f"{_one_line(error.format_message())} Try: {_help_of(error)}", error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        _end("interrupted", 130)
    except BrokenPipeError:
        # Whoever read our output has had enough; Python must not complain at its own end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    sys.exit(status if isinstance(status, int) else 0)


def _end(line: str, status: int) -> NoReturn:
    print(f"elman: {line}", file=sys.stderr)
    sys.exit(status)


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    return line if line.endswith((".", "?", "!")) else f"{line}."


def _help_of(error: TyperException) -> str:
    context = getattr(error, "ctx", None)
    return f"{context.command_path if context is not None else 'elman'} --help"
