"""Terminal input and output of all commands: messages, progress bars, tables and prompts.

Warnings and progress go to stderr; progress only where that is a terminal.
"""

from __future__ import annotations

import contextlib
import functools
import json
import math
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any, BinaryIO

from elman.errors import MissingFileError


def say(line: str) -> None:
    """Print a message on stderr, above a progress bar if there is one."""
    if is_terminal():
        error_console().print(line, markup=False, highlight=False, soft_wrap=True)
    else:
        print(line, file=sys.stderr, flush=True)


def is_terminal() -> bool:
    """Whether stderr is a terminal; False if it is closed."""
    return sys.stderr is not None and sys.stderr.isatty()


def prints_to_terminal() -> bool:
    """Whether stdout is a terminal, so that a person reads it; False if it is closed."""
    return sys.stdout is not None and sys.stdout.isatty()


@functools.cache
def error_console() -> Any:
    """The console of all bars and messages; one, so that they do not overwrite each other."""
    from rich.console import Console

    return Console(stderr=True)


def print_json(value: Any) -> None:
    """Print a value as JSON on one line of stdout, and flush."""
    print(json_line(value), flush=True)


def json_line(value: Any) -> str:
    """Plain data as JSON on one line, without a newline."""
    return json.dumps(finite(value), ensure_ascii=False, allow_nan=False)


def finite(value: Any) -> Any:
    """Plain data with None for each float that JSON cannot hold (infinity, NaN)."""
    if isinstance(value, dict):
        return {name: finite(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def print_table(rows: list[list[str]]) -> None:
    """Print columns: the first is aligned left, the others right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for first, *others in rows:
        cells = [first.ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)]
        print("  ".join(cells).rstrip())


def print_list(rows: list[tuple[str, str]]) -> None:
    """Print names and their values in two columns."""
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        print(f"{name:{width}}  {value}".rstrip())


def drop_stdout() -> None:
    """Discard what is still buffered for stdout, so that the flush at exit cannot fail."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def counted(count: int, one: str, several: str) -> str:
    """`1 entry`, `2 entries`."""
    return f"{count:,} {one if count == 1 else several}"


def share_in_words(share: float) -> str:
    """A fraction as a percentage with two digits: 62%, 3.4%, <0.1%."""
    if share < 0.001:
        return "<0.1%"
    return f"{share:.0%}" if share >= 0.0995 else f"{share:.1%}"


def size_in_words(count: float) -> str:
    """A number of bytes with its unit: 1.2 MB."""
    if count < 1000:
        return f"{count:.0f} B"
    # Below 0.99995 of the next unit, or the rounded number would have four digits.
    for unit, size in (("kB", 1e3), ("MB", 1e6)):
        if count < 0.99995e3 * size:
            return f"{count / size:,.1f} {unit}"
    return f"{count / 1e9:,.1f} GB"


def read_prompt(prompt: str, file: Path | None) -> str:
    """Read a prompt. Bytes that are not UTF-8 become U+FFFD.

    Args:
        prompt: the text; '-' reads stdin.
        file: a file to read instead; None for none.

    Raises:
        MissingFileError: the file cannot be read.
    """
    if file is not None:
        try:
            return file.read_bytes().decode("utf-8", "replace")
        except OSError as error:
            raise MissingFileError(
                f"cannot be read ({error.strerror})", location=file, hint="Check --prompt-file."
            ) from error
    if prompt == "-":
        return stdin_bytes().read().decode("utf-8", "replace")
    return replace_invalid_bytes(prompt)


def stdin_bytes() -> BinaryIO:
    """Standard input.

    Raises:
        MissingFileError: it is closed.
    """
    if sys.stdin is None:
        raise MissingFileError(
            "is closed", location="standard input", hint="Pipe a text into it, or name one instead."
        )
    return sys.stdin.buffer


def replace_invalid_bytes(argument: str) -> str:
    """An argument with U+FFFD for each byte that is not UTF-8."""
    return argument.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


class ReadingProgress(contextlib.AbstractContextManager["ReadingProgress"]):
    """A progress bar for reading: call it with (step, bytes read, total bytes)."""

    def __init__(self) -> None:
        from rich.progress import (
            BarColumn,
            DownloadColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )

        self.bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(),
            TimeRemainingColumn(),
            console=error_console(),
            transient=True,
            disable=not is_terminal(),
        )
        self.steps: dict[str, Any] = {}

    def __enter__(self) -> ReadingProgress:
        self.bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Remove the bar."""
        self.bar.stop()

    def __call__(self, step: str, done: int, total: int) -> None:
        if step not in self.steps:
            self.steps[step] = self.bar.add_task(step, total=total)
        self.bar.update(self.steps[step], completed=done)


@contextlib.contextmanager
def working(what: str) -> Iterator[None]:
    """Show a spinner for work of unknown length."""
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        console=error_console(),
        transient=True,
        disable=not is_terminal(),
    ) as bar:
        bar.add_task(what, total=None)
        yield


class Throughput(contextlib.AbstractContextManager["Throughput"]):
    """Shows count and speed of work of unknown length: call it with the number of new items.

    It appears after PATIENCE seconds, if stderr is a terminal and stdout is not.
    """

    PATIENCE = 2.0

    def __init__(self, what: str) -> None:
        from rich.progress import Progress, SpinnerColumn, TextColumn

        self.what = what
        self.done = 0
        self.begun = time.monotonic()
        self.bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            console=error_console(),
            transient=True,
            disable=not is_terminal() or sys.stdout is None or prints_to_terminal(),
        )
        self.line = self.bar.add_task("")

    def __exit__(self, *_: object) -> None:
        self.bar.stop()

    def __call__(self, count: int) -> None:
        self.done += count
        seconds = time.monotonic() - self.begun
        if seconds > self.PATIENCE:
            self.bar.start()
            speed = f"{self.done:,} {self.what}, {self.done / seconds:,.0f} a second"
            self.bar.update(self.line, description=speed)


class FirstInterrupt(contextlib.AbstractContextManager["FirstInterrupt"]):
    """Records the first Ctrl-C, once armed; the second raises KeyboardInterrupt.

    A call returns whether Ctrl-C was pressed.
    """

    LINE = "Stopping after this step; Ctrl-C again gives up at once."

    def __init__(self) -> None:
        self.interrupted = False
        self.untold = False
        self.before: Any = None

    def __call__(self) -> bool:
        if self.untold:
            self.untold = False
            say(self.LINE)
        return self.interrupted

    def arm(self) -> None:
        if self.before is None:
            self.before = signal.signal(signal.SIGINT, self._interrupt)

    def __exit__(self, *_: object) -> None:
        if self.before is not None:
            signal.signal(signal.SIGINT, self.before)

    def _interrupt(self, _number: int, _frame: FrameType | None) -> None:
        self.interrupted = True
        signal.signal(signal.SIGINT, self.before)
        try:
            say(self.LINE)
        except RuntimeError:  # it was pressed while stderr is written to, which cannot be nested
            self.untold = True
