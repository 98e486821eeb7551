"""Terminals, pipes, signals: a command as the shell runs it."""

from __future__ import annotations

import io
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import threading
import time
from pathlib import Path

from elman.console.terminal import FirstInterrupt, say

TRAIN = (
    "train",
    "tale.txt",
    "-o",
    "m.st",
    "--steps",
    "1000000",
    "--hidden-size",
    "16",
    "--layers",
    "1",
)
PATIENCE = 120  # seconds until a process that says nothing counts as stuck


class Screen:
    """A terminal of 80 columns, and what was written to it."""

    def __init__(self):
        self.ours, self.theirs = pty.openpty()
        termios.tcsetwinsize(self.theirs, (24, 80))
        self.text = ""

    def read_until(self, part):
        end = time.monotonic() + PATIENCE
        while part not in self.text:
            assert time.monotonic() < end, self.text
            if select.select([self.ours], [], [], 1.0)[0]:
                self.text += os.read(self.ours, 65536).decode("utf-8", "replace")

    def lines(self):
        """Without colours and movements of the cursor."""
        plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self.text)
        return [line.rsplit("\r", 1)[-1] for line in plain.replace("\r\n", "\n").split("\n")]


def test_a_terminal_an_interrupt_a_kill_and_the_end(elman, begin, interrupt_after):
    """A run with a bar, interrupted; gone on with, piped, killed; gone on with again."""
    screen = Screen()
    first = begin(*TRAIN, stderr=screen.theirs, stdin=subprocess.DEVNULL)
    screen.read_until("tokens/s")
    screen.read_until("held out")
    first.send_signal(signal.SIGINT)
    screen.read_until("same command.")
    out, _ = first.communicate(timeout=PATIENCE)
    assert first.returncode == 130
    assert b"m.st: " in out
    assert b"\x1b" not in out
    lines = screen.lines()
    for whole in (
        r"Task: language, the next character of a text \(running text; change it with --task\)\.",
        r"Stopping after this step; Ctrl-C again gives up at once\.",
        r"Trained \d+ s, [\d,]+ steps?, [\d,]+ tokens; best weights from .+\.",
        r"Stopped early\. To continue from m\.st\.checkpoint, add --resume to the same command\.",
    ):
        assert sum(bool(re.fullmatch(whole, line)) for line in lines) == 1, (whole, lines)
    bars = [line for line in lines if "tokens/s" in line]
    assert bars
    assert max(map(len, bars)) <= 80
    assert all(re.search(r"loss \d\.\d{3}  held out \d\.\d{3}  [\d,]+ tokens/s$", b) for b in bars)
    assert elman("generate", "m.st", "--length", "3").status == 0
    steps = steps_of(elman)

    second = begin(*TRAIN, "--resume", stdin=subprocess.DEVNULL)
    assert second.stderr.readline().startswith(b"Task: ")
    time.sleep(0.3)
    second.kill()
    out, err = second.communicate(timeout=PATIENCE)
    assert (out, err) == (b"", b""), "no noise where nobody watches"
    assert steps_of(elman) == steps, "the model that was there is there"

    interrupt_after(5)
    third = elman(*TRAIN, "--resume")
    assert third.status == 130
    assert third.err.splitlines()[0].startswith("Task: ")


def steps_of(elman):
    return json.loads(elman("info", "m.st", "--json").out)["training"]["steps"]


def test_two_interrupts(begin):
    process = begin(*TRAIN, stdin=subprocess.DEVNULL)
    assert process.stderr.readline().startswith(b"Task: ")
    process.send_signal(signal.SIGINT)
    assert process.stderr.readline().startswith(b"Stopping after this step; ")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE)
    # The second may come when all is done but the scores: then the model is there, and is sound.
    assert process.returncode == 130
    assert b"Traceback" not in err
    assert err.splitlines()[-1] == b"elman: interrupted" or out
    assert not list(Path().glob(".*.part")), "nothing half written"


class Pressed(io.RawIOBase):
    """Bytes; Ctrl-C is pressed while the first are written."""

    written = b""

    def writable(self):
        return True

    def write(self, data):
        if not self.written:
            signal.raise_signal(signal.SIGINT)
        self.written += bytes(data)
        return len(data)


def test_an_interrupt_while_a_line_is_written(monkeypatch):
    screen = Pressed()
    monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(io.BufferedWriter(screen)))
    with FirstInterrupt() as stop:
        stop.arm()
        say("a line")
        assert stop()
        assert stop()
    assert screen.written == b"a line\nStopping after this step; Ctrl-C again gives up at once.\n"


def test_an_interrupt_while_the_text_is_read(begin, here):
    pipe = here / "pipe.txt"
    os.mkfifo(pipe)
    (here / "temporary").mkdir()
    process = begin("train", "pipe.txt", "-o", "m.st", stdin=subprocess.DEVNULL)
    with pipe.open("wb") as text:  # until then it has not begun to read
        text.write(b"The cat sat on the mat.\n" * 1000)
        text.flush()
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out, err) == (130, b"", b"elman: interrupted\n")
    assert not list(here.glob("m.st*"))


def test_suggest_answers_each_line_before_the_next(begin):
    process = begin("suggest", "word.st", "-", "--json")
    stuck = threading.Timer(PATIENCE, process.kill)
    stuck.start()
    for typed in ("the ", "the c", "", "\0 😀"):
        process.stdin.write(f"{typed}\n".encode())
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["text"] == typed
    stuck.cancel()
    out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out, err) == (0, b"", b"")


def test_generate_writes_piece_by_piece_until_nobody_reads(begin):
    process = begin("generate", "character.st", "the c", "--length", "1000000000")
    stuck = threading.Timer(PATIENCE, process.kill)
    stuck.start()
    assert os.read(process.stdout.fileno(), 1000).startswith(b"the c")
    assert os.read(process.stdout.fileno(), 1000)
    process.stdout.close()
    assert process.wait(PATIENCE) == 0
    stuck.cancel()
    assert process.stderr.read() == b""


def shell(line):
    command = f'elman() {{ "{sys.executable}" -m elman "$@"; }}; {line}'
    done = subprocess.run(["bash", "-c", command], capture_output=True, check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def test_streams_that_are_closed_or_full(here):  # noqa: ARG001
    assert shell("elman peek tale.txt >&-") == (0, "", "")
    assert shell("elman peek tale.txt 2>&-")[0] == 0
    assert shell("elman peek no.txt 2>&-")[0] == 1
    line = "standard input: cannot be read: it is closed. Check the name and its permissions"
    assert shell("elman peek - <&-") == (1, "", f"elman: {line}\n")
    line = "standard output: no space left on device. Free some room there, or name another place."
    assert shell("elman peek tale.txt > /dev/full") == (1, "", f"elman: {line}\n")
    status, out, err = shell("set -o pipefail; elman peek tale.txt | head -1")
    assert (status, out, err) == (0, "documents            1\n", "")


def test_a_closed_stdin(elman, here):  # noqa: ARG001
    line = "elman: standard input: is closed. Pipe a text into it, or name one instead.\n"
    for command in ("generate", "suggest"):
        assert elman(command, "word.st", "-", stdin=None) == (1, "", line)


def test_the_module_and_the_command_are_one(here):  # noqa: ARG001
    beside = Path(sys.executable).with_name("elman")
    as_module = subprocess.run(
        [sys.executable, "-m", "elman", "foo"], capture_output=True, check=False
    )
    as_command = subprocess.run([beside, "foo"], capture_output=True, check=False)
    assert (
        as_module.stderr
        == as_command.stderr
        == b"elman: No such command 'foo'. Try: elman --help\n"
    )
    assert as_module.returncode == as_command.returncode == 2
