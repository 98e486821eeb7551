"""The command `elman`: one thin command a file, results on stdout, warnings on stderr.

No module here imports torch before a command needs it: `elman --help` takes 0.3 s.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
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
from elman.cli.score import score
from elman.cli.serve import serve
from elman.cli.suggest import suggest
from elman.cli.test import test
from elman.cli.threads import with_threads
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

computing: tuple[Callable[..., None], ...] = (
    *(train, test, predict, score),
    *(generate, suggest, explain),
)
others: tuple[Callable[..., None], ...] = serve, info, with_threads(export), push, pull, cache
for command in (peek, *(with_threads(each) for each in computing), *others, with_threads(demo)):
    app.command()(command)
app.command("type")(with_threads(type_))


def _version(typed: bool) -> None:
    if typed:
        print(f"elman {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Print the version."
    ),
) -> None: ...


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run a command and exit. Each error is one line on stderr.

    Exit status: 0 success; 1 the command failed; 2 bad usage; 130 interrupted (a training still
    writes its model).

    Args:
        arguments: the words after `elman`; None takes them from `sys.argv`.
    """
    for stream in (sys.stdout, sys.stderr):
        # Prompts may hold any bytes, terminals may lack characters: replace, do not fail.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        sys.exit(_run(given))
    except (
        *(ElmanError, TyperException, OSError),
        *(MemoryError, RuntimeError, ModuleNotFoundError),
    ) as error:
        if isinstance(error, BrokenPipeError):
            # The reader of the pipe has closed it; Python must not fail when it flushes at exit.
            drop_stdout()
            sys.exit(0)
        line, status = in_one_line(error, given, typer.main.get_command(app))
        if isinstance(error, OSError):  # a full disk: the flush at exit would fail again
            drop_stdout()
        _end(line, status)
    except KeyboardInterrupt:
        _end("interrupted", 130)


def _run(arguments: list[str]) -> int:
    # app() would catch broken pipes and interrupts before `main` can.
    command = typer.main.get_command(app)
    try:
        with command.make_context("elman", [*arguments] or ["--help"]) as context:
            command.invoke(context)
    except typer.Exit as end:
        status = end.exit_code
    else:
        status = 0
    if sys.stdout is not None:  # None: the caller has closed it
        sys.stdout.flush()
    return status if arguments else 2


def _end(line: str, status: int) -> NoReturn:
    print(f"elman: {line}", file=sys.stderr)
    sys.exit(status)
