"""elman type: whole commands, the keyboard itself in a real pseudo-terminal."""

from __future__ import annotations

import contextlib
import json
import os
import select
import sys
import time

import pytest

from commands import Process

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")

SECONDS = 60  # in which a loaded machine starts and answers


class Terminal:
    """`elman type` in a terminal of 24 lines; its stdout is a pipe."""

    def __init__(self, *arguments: str) -> None:
        import pty

        self.ours, theirs = pty.openpty()
        self.process = Process(
            "type",
            *arguments,
            stdin=theirs,
            stderr=theirs,
            start_new_session=True,
            COLUMNS="80",
            TERM="xterm",
        )
        os.close(theirs)
        self.output = ""

    def until(self, text: str) -> str:
        """What was shown since the last look, until this is in it."""
        end = time.monotonic() + SECONDS
        while text not in self.output and time.monotonic() < end:
            if select.select([self.ours], [], [], 0.1)[0]:
                try:
                    self.output += os.read(self.ours, 65536).decode("utf-8", "replace")
                except OSError:  # the other side is gone
                    break
        assert text in self.output, self.output
        before, _, self.output = self.output.partition(text)
        return before + text

    def press(self, keys: str) -> None:
        os.write(self.ours, keys.encode())

    def end(self, keys: str = "\x04") -> tuple[int, str]:
        """Press these: the status, and what was written to stdout."""
        self.press(keys)
        out, _ = self.process.communicate(timeout=SECONDS)
        return self.process.returncode, out.decode()


@pytest.fixture
def terminal(here):  # noqa: ARG001
    opened = []

    def begun(*arguments):
        opened.append(Terminal(*arguments))
        return opened[-1]

    yield begun
    for each in opened:
        each.process.close()
        with contextlib.suppress(OSError):
            os.close(each.ours)


@posix
def test_a_copy_adapts_and_the_models_file_stays_as_it_is(terminal, here):
    before = (here / "word.st").read_bytes()
    keyboard = terminal("word.st", "--online")
    keyboard.until("0 keystrokes, 0 saved")
    keyboard.press("old river\rold ")
    keyboard.until("13 keystrokes, 0 saved")
    assert keyboard.end() == (0, "old river\nold \n")
    assert (here / "word.st").read_bytes() == before


@posix
def test_words_are_offered_taken_learned_and_kept(terminal):
    keyboard = terminal("word.st", "--memory", "me.json")
    keyboard.until("0 keystrokes, 0 saved")
    keyboard.press("dear Zyzzy, Zy")
    keyboard.until("Zyzzy*")
    keyboard.press("\t")
    keyboard.until("15 keystrokes, 3 saved (17%)")
    keyboard.press("\n")
    assert keyboard.end() == (0, "dear Zyzzy, Zyzzy\n\n")
    keyboard.until("15 keystrokes, 2 saved (12%)")  # the space was taken back
    again = terminal("word.st", "--memory", "me.json")
    again.until("0 saved")
    again.press("Zyz")
    again.until("Zyzzy*")
    assert again.end("\x1b1\x03") == (0, "Zyzzy \n")


@posix
def test_digits_can_be_typed_pasted_text_is_text_and_slips_are_deleted(terminal):
    keyboard = terminal("word.st")
    keyboard.until("0 saved")
    keyboard.press("at 1230 on\x7f\x7f\x1b[A\x1b[1;5C\x1b[200~1 é\x1b[201~ ")
    keyboard.until("1 é")
    assert keyboard.end() == (0, "at 1230 1 é \n")


@posix
def test_a_model_can_be_rounded_as_it_is_loaded(terminal):
    keyboard = terminal("word.st", "--int8")
    keyboard.until("0 saved")
    keyboard.press("the ")
    keyboard.until(" 1 ")
    assert keyboard.end() == (0, "the \n")


@posix
def test_the_terminal_is_left_as_it_was(terminal):
    import termios

    keyboard = terminal("word.st")
    before = termios.tcgetattr(keyboard.ours)
    keyboard.until("0 saved")
    assert termios.tcgetattr(keyboard.ours) != before
    assert keyboard.end()[0] == 0
    # Only that a key was waiting may differ, which is no mode of ours.
    assert termios.tcgetattr(keyboard.ours)[:4] == before[:4]


def test_without_a_terminal_it_names_the_command(here, elman):  # noqa: ARG001
    result = elman("type", "word.st", stdin=b"see you t\n")
    assert (result.status, result.out) == (1, "")
    assert result.err == (
        "elman: standard input: is not a terminal. Try: elman suggest word.st -\n"
    )


@pytest.fixture
def kept(here):
    words = [
        [[], {"Zyzzy": 2, "see": 1}],
        [["see"], {"Zyzzy": 1}],
        [["\n"], {"Zyzzy": 1, "see": 1}],
    ]
    about = {"elman": "keyboard memory", "schema": 1, "trust": [[2, 2, 2]] * 2, "counts": words}
    (here / "me.json").write_text(json.dumps(about))
    return here / "me.json"


def test_what_was_learned_is_listed(kept, elman):  # noqa: ARG001
    result = elman("type", "word.st", "--memory", "me.json", "--list")
    assert result.out == (
        "Zyzzy  2 times, after the start of a line, see\nsee    1 time, after the start of a line\n"
    )
    result = elman("type", "word.st", "--memory", "me.json", "--list", "--json")
    assert json.loads(result.out)["words"][0] == {
        "word": "Zyzzy",
        "times": 2,
        "after": {"see": 1, "\n": 1},
    }


def test_what_is_forgotten_is_gone_from_the_file(kept, elman):
    result = elman("type", "word.st", "--memory", "me.json", "--forget", "Zyzzy", "--list")
    assert result.out == "see  1 time, after the start of a line\n"
    assert b"Zyzzy" not in kept.read_bytes()
    assert elman("type", "word.st", "--memory", "me.json", "--forget-all").status == 0
    assert b"see" not in kept.read_bytes()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--list",), "--memory: it names the file of the learned words"),
        (("--memory", "me.json", "--forget", "no"), "me.json: the word 'no' was not learned"),
        (("--memory", "me.json", "--json"), "--json: it needs --list"),
        (("--memory", "word.st", "--list"), "word.st: it is not JSON"),
        (("--memory", ".", "--list"), ".: cannot be read"),
    ],
)
def test_an_error_is_one_line(kept, elman, arguments, message):
    before = kept.read_bytes()
    result = elman("type", "word.st", *arguments)
    assert result.status == 1
    assert result.err.startswith(f"elman: {message}")
    assert result.err.count("\n") == 1
    assert kept.read_bytes() == before
