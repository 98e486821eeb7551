"""elman type: a keyboard in the terminal that learns the words you type."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from elman.cli.load_model import load_language_model
from elman.console.keys import BACKSPACE, ENDS, ENTER, TAB, Key, keys
from elman.console.options import Int8, Json, ModelFile
from elman.console.terminal import counted, error_console, print_json, print_list, say
from elman.errors import InputError, SettingError

if TYPE_CHECKING:
    from elman.keyboard import Keyboard, UserCounts, UserModel


HELP = "Tab accepts the first word · Alt+1, 2 or 3 one of them · Ctrl-D ends"
MAX_AFTER = 3  # preceding words that the list shows per word


def type_(
    model: ModelFile,
    memory: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            readable=False,
            help="File to keep the learned words in (default: forget them at the end).",
        ),
    ] = None,
    show: Annotated[bool, typer.Option("--list", help="List the learned words.")] = False,
    forget: Annotated[
        list[str] | None,
        typer.Option(metavar="WORD", help="Forget a learned word; repeatable."),
    ] = None,
    forget_all: Annotated[
        bool, typer.Option("--forget-all", help="Forget all learned words.")
    ] = False,
    online: Annotated[
        bool,
        typer.Option("--online", help="Also train a copy of the network, one step per line."),
    ] = False,
    int8: Int8 = False,
    json: Json = False,
) -> None:
    """Type with suggestions from a keyboard that learns your words."""
    if show or forget or forget_all:
        if memory is None:
            raise SettingError(
                "it names the file of the learned words, which is needed here",
                location="--memory",
                hint="Name one: --memory FILE",
            )
        _manage(memory, show=show, forget=forget or [], forget_all=forget_all, json=json)
        return
    if json:
        raise SettingError("it needs --list", location="--json", hint="Add --list.")
    if sys.stdin is None or not sys.stdin.isatty() or not sys.stderr.isatty():
        raise InputError(
            "is not a terminal", location="standard input", hint=f"Try: elman suggest {model} -"
        )
    from elman.keyboard import Keyboard, UserModel, open_memory

    known = UserModel() if memory is None else open_memory(memory)
    keyboard = Keyboard(load_language_model(model, int8=int8), known, online=online)
    try:
        _write(keyboard, memory)
    finally:
        keyboard.finish()
        _keep(keyboard.memory, memory)
        print(keyboard.text, flush=True)
        say(_saved(keyboard))


def _manage(file: Path, *, show: bool, forget: list[str], forget_all: bool, json: bool) -> None:
    """Forget learned words, then list the others."""
    from elman.keyboard import open_memory

    memory = open_memory(file)
    for word in forget:
        if word not in memory:
            raise InputError(
                f"the word {word!r} was not learned",
                location=file,
                hint=f"List them: elman type MODEL --memory {file} --list",
            )
    for word in forget:
        memory.forget(word)
    if forget_all:
        memory.forget_all()
    if forget or forget_all:
        _keep(memory, file)
    if show and json:
        print_json({"words": [each._asdict() for each in memory.learned()]})
    elif show:
        print_list([(each.word, _described(each)) for each in memory.learned()])


def _described(learned: UserCounts) -> str:
    often = sorted(learned.after.items(), key=lambda pair: (-pair[1], pair[0]))[:MAX_AFTER]
    after = ", ".join("the start of a line" if token == "\n" else token for token, _ in often)
    return (
        f"{counted(learned.times, 'time', 'times')}, after {after}"
        if after
        else (counted(learned.times, "time", "times"))
    )


def _keep(memory: UserModel, file: Path | None) -> None:
    from elman.keyboard import save_memory

    if file is not None:
        save_memory(memory, file)


def _write(keyboard: Keyboard, memory: Path | None) -> None:
    """Type until Ctrl-C or Ctrl-D; save the learned words after each line."""
    from rich.live import Live

    with (
        keys() as pressed,
        Live(
            _screen(keyboard), console=error_console(), auto_refresh=False, transient=True
        ) as live,
    ):
        for key in pressed:
            if key.text in ENDS and not key.pasted:
                break
            _press(keyboard, key)
            if "\n" in key.text:
                _keep(keyboard.memory, memory)
            live.update(_screen(keyboard), refresh=True)


def _press(keyboard: Keyboard, key: Key) -> None:
    if key.pasted:
        keyboard.type("".join(each for each in key.text if each.isprintable() or each == "\n"))
    elif key.text == BACKSPACE:
        keyboard.delete()
    elif key.text == TAB or key.alt:
        number = 0 if key.text == TAB else int(key.text) - 1
        if number < len(keyboard.suggestions):
            keyboard.accept(number)
    elif key.text.isprintable() or key.text == ENTER:
        keyboard.type(key.text)


def _screen(keyboard: Keyboard) -> Any:
    """The text with a cursor, the suggestions, the saved keystrokes, and the keys."""
    from rich.console import Group
    from rich.text import Text

    # Show only the last lines: half a screen.
    lines = keyboard.text.split("\n")[-max(1, error_console().height // 2) :]
    written = Text("\n".join(lines), overflow="fold")
    written.append(" ", style="reverse")
    suggestions = Text(no_wrap=True, overflow="ellipsis")
    for number, each in enumerate(keyboard.suggestions, start=1):
        suggestions.append(f" {number} ", style="reverse")
        learned = each.word in keyboard.memory
        mark, style = ("*", "bold") if learned else ("", "")
        suggestions.append(f" {each.word}{mark}   ", style=style)
    saved = Text(f"{_saved(keyboard)} · * learned from you", style="dim")
    return Group(written, Text(), suggestions, Text(), saved, Text(HELP, style="dim"))


def _saved(keyboard: Keyboard) -> str:
    keystrokes = counted(keyboard.keystrokes, "keystroke", "keystrokes")
    by_hand = keyboard.keystrokes + keyboard.saved
    fraction = f" ({keyboard.saved / by_hand:.0%})" if by_hand > 0 else ""
    return f"{keystrokes}, {keyboard.saved:,} saved{fraction}"
