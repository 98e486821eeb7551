"""`elman` as a process of its own that starts at once.

To import torch and what trains takes a process some seconds, and dozens of tests need one. Here a
process imports it once, and each command is forked from it: a real process, with its own streams,
signals and exit status.

    python commands.py DESCRIPTOR    # that process; DESCRIPTOR is its end of a pair of sockets
"""

from __future__ import annotations

import contextlib
import functools
import gc
import importlib
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import threading
from subprocess import DEVNULL, PIPE
from typing import IO, Any

ENVIRONMENT = {"OMP_NUM_THREADS": "1"}
"""The tests run side by side: two processes with two threads each take longer than with one."""

NEEDED = (
    "elman.cli",
    "elman.server.app",
    "elman.server.runner",
    "elman.tasks.language_modeling.model",
    "elman.training.trainer",
    "torch._dynamo",  # the first optimiser imports it
    "uvicorn",
)
STREAMS = (("stdin", "wb"), ("stdout", "rb"), ("stderr", "rb"))


class Process:
    """Runs `elman` with arguments; has what tests use of `subprocess.Popen`.

    Args:
        arguments: the words after `elman`.
        stdin: as in `Popen`: a descriptor, PIPE (the default) or DEVNULL; also stdout and stderr.
        cwd: the folder to run in; None is the current one.
        start_new_session: whether it leaves this terminal.
        environment: added to that of this process.
    """

    def __init__(
        self,
        *arguments: str,
        stdin: int = PIPE,
        stdout: int = PIPE,
        stderr: int = PIPE,
        cwd: object = None,
        start_new_session: bool = False,
        **environment: str,
    ) -> None:
        self.returncode: int | None = None
        self.stdin, self.stdout, self.stderr = None, None, None
        theirs = []
        for (name, mode), given in zip(STREAMS, (stdin, stdout, stderr), strict=True):
            if given == PIPE:
                ends = os.pipe()
                ours = ends[1] if name == "stdin" else ends[0]
                theirs.append(ends[0] if name == "stdin" else ends[1])
                setattr(self, name, open(ours, mode))  # noqa: SIM115, PTH123
            else:
                theirs.append(os.open(os.devnull, os.O_RDWR) if given == DEVNULL else os.dup(given))
        request = {
            "arguments": arguments,
            "folder": str(cwd or os.getcwd()),  # noqa: PTH109 - as the shell would
            "environment": {**os.environ, **ENVIRONMENT, **environment},
            "new session": start_new_session,
        }
        ours, monitor = socket.socketpair()
        control, _ = forking()
        socket.send_fds(control, [b"\0"], [*theirs, monitor.fileno()])
        for descriptor in theirs:
            os.close(descriptor)
        monitor.close()
        self._monitor = ours.makefile("rwb")
        ours.close()
        self._monitor.write(json.dumps(request).encode() + b"\n")
        self._monitor.flush()
        self.pid = int(self._monitor.readline())
        self._ended = threading.Thread(target=self._follow, daemon=True)
        self._ended.start()

    def _follow(self) -> None:
        with self._monitor as monitor:
            self.returncode = int(monitor.readline())

    def poll(self) -> int | None:
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        self._ended.join(timeout)
        if self.returncode is None:
            raise subprocess.TimeoutExpired("elman", timeout or 0)
        return self.returncode

    def communicate(self, timeout: float | None = None) -> tuple[bytes | None, bytes | None]:
        """Close stdin, read the others until the process ends."""
        read: dict[str, bytes] = {}

        def take(name: str, stream: IO[bytes]) -> None:
            read[name] = stream.read()

        if self.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self.stdin.close()
        streams = {"out": self.stdout, "err": self.stderr}
        threads = [
            threading.Thread(target=take, args=each, daemon=True)
            for each in streams.items()
            if each[1] is not None
        ]
        for thread in threads:
            thread.start()
        self.wait(timeout)
        for thread in threads:
            thread.join(timeout)
        return read.get("out"), read.get("err")

    def send_signal(self, number: int) -> None:
        if self.returncode is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def close(self) -> None:
        """Kill it if it still runs, and close its streams."""
        self.kill()
        self.wait()
        for name, _ in STREAMS:
            stream = getattr(self, name)
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()


@functools.cache
def forking() -> tuple[socket.socket, subprocess.Popen[bytes]]:
    """The socket on which it is asked, and the process that forks; it ends when this one does."""
    ours, theirs = socket.socketpair()
    process = subprocess.Popen(
        [sys.executable, __file__, str(theirs.fileno())],
        env={**os.environ, **ENVIRONMENT},
        pass_fds=[theirs.fileno()],
        stdin=DEVNULL,
        start_new_session=True,  # Ctrl-C at the tests is not for the commands
    )
    theirs.close()
    return ours, process


def next_command(control: socket.socket, began: dict[str, str]) -> list[str]:
    """Fork at each request; returns in the new process, which is the command, with its words."""
    while True:
        _, descriptors, *_ = socket.recv_fds(control, 1, 4)
        if not descriptors:
            os._exit(0)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        if os.fork() == 0:
            control.close()
            return monitored(descriptors, began)
        for descriptor in descriptors:
            os.close(descriptor)


def monitored(descriptors: list[int], began: dict[str, str]) -> list[str]:
    """Fork once more: the new process is the command, this one tells its id and its end."""
    *streams, monitor = descriptors
    with open(monitor, "r+b", buffering=0) as told:  # noqa: PTH123
        request: dict[str, Any] = json.loads(told.readline())
        child = os.fork()
        if child:
            for stream in streams:
                os.close(stream)
            told.write(b"%d\n" % child)
            status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            with contextlib.suppress(OSError):  # nobody asks any more
                told.write(b"%d\n" % status)
            os._exit(0)
    # A shell's background processes, such as a CI's, start with SIGINT ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for target, stream in enumerate(streams):
        os.dup2(stream, target)
        os.close(stream)
    sys.stdin = sys.__stdin__ = stream_of(0, "r")
    sys.stdout = sys.__stdout__ = stream_of(1, "w")
    sys.stderr = sys.__stderr__ = stream_of(2, "w", 1, "backslashreplace")
    environment = request["environment"]
    for name in began.keys() - environment.keys():
        os.environ.pop(name, None)
    os.environ.update(environment)
    os.chdir(request["folder"])
    if request["new session"]:
        os.setsid()
    return request["arguments"]


def stream_of(descriptor: int, mode: str, buffering: int = -1, errors: str = "strict") -> IO[str]:
    """As the interpreter opens it at its start."""
    return open(descriptor, mode, buffering, "utf-8", errors, closefd=False)


if __name__ == "__main__":
    at_first = dict(os.environ)
    for module in NEEDED:
        with contextlib.suppress(ImportError):  # an extra that is not installed
            importlib.import_module(module)
    gc.freeze()  # else a collection in a command writes to, and so copies, all that is shared
    sys.argv = ["elman", *next_command(socket.socket(fileno=int(sys.argv[1])), at_first)]
    runpy.run_module("elman", run_name="__main__", alter_sys=True)
