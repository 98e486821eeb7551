"""Commands as processes of their own that start at once: they are forked from this one."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import torch

import elman
from elman.cli import main as elman_command

TEXT = "the cat sat on the mat\n" * 100


class Command:
    """`elman` with arguments, in a process of its own.

    Args:
        words: after `elman`.
        errors: the file for stderr.
        prepare: called in the new process before the command.
        stdin: the file to read; nothing by default.
        stdout: the file to write; by default nobody reads it.
    """

    def __init__(
        self,
        words: list[str],
        errors: Path,
        *,
        prepare: Callable[[], None] = lambda: None,
        stdin: str | Path = os.devnull,
        stdout: str | Path = os.devnull,
    ) -> None:
        def run() -> None:
            torch.set_num_threads(1)
            for number, (path, flags) in enumerate(
                (
                    (stdin, os.O_RDONLY),
                    (stdout, os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
                    (errors, os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
                )
            ):
                os.dup2(os.open(path, flags), number)
            prepare()
            elman_command(words)

        self.errors = errors
        errors.write_bytes(b"")
        self.process = multiprocessing.get_context("fork").Process(target=run)
        self.process.start()

    @property
    def pid(self) -> int:
        return self.process.pid or 0

    @property
    def said(self) -> str:
        """What it wrote on stderr until now."""
        return self.errors.read_text(encoding="utf-8")

    def wait(self, seconds: float | None = None) -> int | None:
        """Its exit status; None while it runs."""
        self.process.join(seconds)
        return self.process.exitcode

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        self.process.join()


def import_all() -> None:
    """Import here what trainings need, so that no forked process does: it takes seconds."""
    texts, labels = ["warm and funny", "cold and dull"] * 8, ["good", "bad"] * 8
    elman.Classifier(hidden_size=4, steps=1).fit(texts, labels)
    elman.LanguageModel(hidden_size=4, steps=1).fit(TEXT)
