"""elman type: a keyboard in the terminal, which learns the words that are written with it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from elman.cli.load_model import load_language_model
from elman.console.keys import BACKSPACE, ENDS, ENTER, LITERAL, TAB, Key, keys
from elman.console.options import Int8, Json, ModelFile
from elman.console.terminal import counted, error_console, print_json, print_list, say
from elman.errors import InputError, SettingError

if TYPE_CHECKING:
    from elman.keyboard import Keyboard, UserCounts, UserModel


HELP = "1 2 3 or Tab takes one · Ctrl-V before a digit types it · Ctrl-D ends"
MAX_AFTER = 3  # of what a word was written after, in the list


def type_(
    model: ModelFile,
    memory: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            readable=False,
            help="Where what it learns is kept; without it that is forgotten at the end.",
        ),
    ] = None,
    show: Annotated[bool, typer.Option("--list", help="List what it learned.")] = False,
    forget: Annotated[
        list[str] | None,
        typer.Option(metavar="WORD", help="Forget a word it learned; may be given again."),
    ] = None,
    forget_all: Annotated[
        bool, typer.Option("--forget-all", help="Forget all that it learned.")
    ] = False,
    online: Annotated[
        bool,
        typer.Option("--online", help="A copy of the network learns too, a step a line."),
    ] = False,
    int8: Int8 = False,
    json: Json = False,
) -> None:
    """Write with a keyboard that learns your words as you write."""
    if show or forget or forget_all:
        if memory is None:
            raise SettingError(
                "it is needed to say what was learned", location="--memory", hint="Name its file."
            )
        _look_after(memory, show=show, forget=forget or [], forget_all=forget_all, json=json)
        return
    if json:
        raise SettingError("it goes with --list", location="--json", hint="Leave it out.")
    if sys.stdin is None or not sys.stdin.isatty() or not sys.stderr.isatty():
        raise InputError(
            "is no terminal", location="standard input", hint=f"Try: elman suggest {model} -"
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


def _look_after(file: Path, *, show: bool, forget: list[str], forget_all: bool, json: bool) -> None:
    """List what was learned, after forgetting what is to be forgotten."""
    from elman.keyboard import open_memory

    memory = open_memory(file)
    for word in forget:
        if word not in memory:
            raise InputError(
                f"the word {word!r} was not learned",
                location=file,
                hint=f"See what was: elman type MODEL --memory {file} --list",
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
        print_list([(each.word, _told(each)) for each in memory.learned()])


def _told(learned: UserCounts) -> str:
    often = sorted(learned.after.items(), key=lambda pair: (-pair[1], pair[0]))[:MAX_AFTER]
    after = ", ".join("the line's beginning" if token == "\n" else token for token, _ in often)
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
    """Until Ctrl-C or Ctrl-D; what was learned is kept after each line."""
    from rich.live import Live

    literal = False
    with (
        keys() as pressed,
        Live(
            _picture(keyboard), console=error_console(), auto_refresh=False, transient=True
        ) as live,
    ):
        for key in pressed:
            if key.text in ENDS and not key.pasted:
                break
            if key.text == LITERAL and not literal:
                literal = True
                continue
            _press(keyboard, Key(key.text, pasted=literal or key.pasted))
            literal = False
            if "\n" in key.text:
                _keep(keyboard.memory, memory)
            live.update(_picture(keyboard), refresh=True)


def _press(keyboard: Keyboard, key: Key) -> None:
    if key.pasted:
        keyboard.type("".join(each for each in key.text if each.isprintable() or each == "\n"))
    elif key.text == BACKSPACE:
        keyboard.delete()
    elif key.text == TAB or (key.text in "123" and not keyboard.text[-1:].isdigit()):
        number = 0 if key.text == TAB else int(key.text) - 1
        if number < len(keyboard.suggestions):
            keyboard.accept(number)
    elif key.text.isprintable() or key.text == ENTER:
        keyboard.type(key.text)


def _picture(keyboard: Keyboard) -> Any:
    """The text with a cursor, the suggestions, what is saved, and what the keys do."""
    from rich.console import Group
    from rich.text import Text

    # A screen holds its last lines.
    lines = keyboard.text.split("\n")[-max(1, error_console().height // 2) :]
    written = Text("\n".join(lines), overflow="fold")
    written.append(" ", style="reverse")
    offered = Text(no_wrap=True, overflow="ellipsis")
    for number, each in enumerate(keyboard.suggestions, start=1):
        offered.append(f" {number} ", style="reverse")
        learned = each.word in keyboard.memory
        offered.append(f" {each.word}{'*' if learned else ''}   ", style="bold" if learned else "")
    told = Text(f"{_saved(keyboard)} · * learned from you", style="dim")
    return Group(written, Text(), offered, Text(), told, Text(HELP, style="dim"))


def _saved(keyboard: Keyboard) -> str:
    keystrokes = counted(keyboard.keystrokes, "keystroke", "keystrokes")
    by_hand = keyboard.keystrokes + keyboard.saved
    share = f" ({keyboard.saved / by_hand:.0%})" if by_hand > 0 else ""
    return f"{keystrokes}, {keyboard.saved:,} saved{share}"
