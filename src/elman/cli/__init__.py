"""The command `elman`: one thin command a file, results on stdout, warnings on stderr.

Nothing here imports torch before a command needs it: `elman --help` answers at once.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import NoReturn

import typer
from typer.exceptions import TyperException

from elman.cli.cache import cache
from elman.cli.demo import demo
from elman.cli.explain import explain
from elman.cli.export import export
from elman.cli.generate import generate
from elman.cli.info import info
from elman.cli.peek import peek
from elman.cli.predict import predict
from elman.cli.pull import pull
from elman.cli.push import push
from elman.cli.serve import serve
from elman.cli.suggest import suggest
from elman.cli.test import test
from elman.cli.train import train
from elman.cli.type import type_
from elman.console.errors import in_one_line
from elman.console.terminal import drop_stdout
from elman.errors import ElmanError
from elman.version import __version__

app = typer.Typer(
    name="elman",
    help="Recurrent networks for text: train on your own words, watch, write, ship one safe file.",
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

for command in (
    *(peek, train, test, predict, generate, suggest, explain, serve, info),
    *(export, push, pull, cache, demo),
):
    app.command()(command)
app.command("type")(type_)


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

    Status 1: something could not be done; 2: the command was not understood; 130: interrupted
    (what was trained by then is written all the same).
    """
    for stream in (sys.stdout, sys.stderr):
        # A prompt of any bytes, a terminal of any encoding: print what can be shown.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        sys.exit(_run(given))
    except (ElmanError, TyperException, OSError, MemoryError, RuntimeError) as error:
        if isinstance(error, BrokenPipeError):
            # Whoever read our output has had enough; Python must not complain at its own end.
            drop_stdout()
            sys.exit(0)
        line, status = in_one_line(error, given, typer.main.get_command(app))
        if isinstance(error, OSError):  # nor of what a full disk did not take
            drop_stdout()
        _end(line, status)
    except KeyboardInterrupt:
        _end("interrupted", 130)


def _run(arguments: list[str]) -> int:
    # Not app(): it would catch a broken pipe and an interrupt before us.
    command = typer.main.get_command(app)
    try:
        with command.make_context("elman", [*arguments] or ["--help"]) as context:
            command.invoke(context)
    except typer.Exit as end:
        status = end.exit_code
    else:
        status = 0
    if sys.stdout is not None:  # closed by the caller: then nobody wanted it
        sys.stdout.flush()
    return status if arguments else 2


def _end(line: str, status: int) -> NoReturn:
    print(f"elman: {line}", file=sys.stderr)
    sys.exit(status)
