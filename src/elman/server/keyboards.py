"""Keyboards that are kept between requests, each with what one person taught it.

They are in this process's memory alone: what was learned is the writer's to keep, as a file.
"""

from __future__ import annotations

import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from elman.errors import InputError
from elman.keyboard import Keyboard, UserModel, memory_data, read_memory
from elman.server.desk import one_by_one
from elman.server.limits import Limits
from elman.server.refusals import RefusedError, nothing_there
from elman.server.schemas import LearnedWord, Offered, Typed
from elman.server.served import Served
from elman.tasks.language_modeling.model import LanguageModel

_COUNT_BYTES = 200  # of a word in a context, about
_LETTER_BYTES = 150  # of what is written, with the lessons in it
_EMPTY_BYTES = 4_096

Answer = TypeVar("Answer")


@dataclass
class Kept:
    """A keyboard, touched by its model's thread alone, and what the server knows of it."""

    keyboard: Keyboard
    size: int
    used: float


Change = Callable[[Keyboard], Answer]


class Keyboards:
    """Of one server, the longest idle first. Nobody can guess another's name."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._kept: OrderedDict[tuple[str, str], Kept] = OrderedDict()
        self._size = 0

    async def open(self, served: Served, memory: dict[str, Any] | None) -> Typed:
        """A new one.

        Args:
            memory: what was learned before, as a file of `elman type` holds it.

        Raises:
            RefusedError: where there is no room.
            MemoryFileError: where that is no memory.
        """
        self._check_room(len(self._kept) + 1)
        assert isinstance(served.model, LanguageModel)
        keyboard = await served.desk.ask(_opened, (served.model, memory))
        name = secrets.token_urlsafe(16)
        self._kept[served.name, name] = Kept(keyboard, 0, time.monotonic())
        return await self.write(served, name, "", None)

    async def write(self, served: Served, name: str, text: str, accept: int | None) -> Typed:
        """Make what stands on it this text, and take one of the words that are then offered."""
        self._check_room(len(self._kept))

        def change(keyboard: Keyboard) -> Typed:
            keyboard.rewrite(text)
            if accept is not None:
                keyboard.accept(accept)
            return typed(name, keyboard)

        return await self._ask(served, name, change)

    async def clear(self, served: Served, name: str) -> Typed:
        """Begin a new text."""

        def change(keyboard: Keyboard) -> Typed:
            keyboard.clear()
            return typed(name, keyboard)

        return await self._ask(served, name, change)

    async def learned(self, served: Served, name: str) -> list[LearnedWord]:
        return await self._ask(served, name, _learned)

    async def memory(self, served: Served, name: str) -> dict[str, Any]:
        """What it learned, as a file of `elman type` holds it."""
        return await self._ask(served, name, lambda keyboard: memory_data(keyboard.memory))

    async def forget(self, served: Served, name: str, word: str | None) -> Typed:
        """Forget one word; None: all.

        Raises:
            InputError: where the word was not learned.
        """

        def change(keyboard: Keyboard) -> Typed:
            if word is None:
                keyboard.forget_all()
            elif word in keyboard.memory:
                keyboard.forget(word)
            else:
                raise InputError("this was not learned", location="word")
            return typed(name, keyboard)

        return await self._ask(served, name, change)

    async def close(self, served: Served, name: str) -> Typed:
        """How it stood at the end."""
        answer = await self._ask(served, name, lambda keyboard: typed(name, keyboard))
        kept = self._kept.pop((served.name, name), None)
        self._size -= 0 if kept is None else kept.size
        return answer

    def tidy(self) -> None:
        """Forget what was idle for too long."""
        oldest = time.monotonic() - self._limits.idle
        while self._kept:
            key, kept = next(iter(self._kept.items()))
            if kept.used > oldest:
                break
            self._size -= kept.size
            del self._kept[key]

    def __len__(self) -> int:
        return len(self._kept)

    async def _ask(self, served: Served, name: str, change: Change[Answer]) -> Answer:
        """What a change answers, made in the model's thread."""
        kept = self._found(served, name)
        answer, size = await served.desk.ask(_changed, (kept.keyboard, change))
        if self._kept.get((served.name, name)) is kept:  # it may have been closed meanwhile
            self._size += size - kept.size
            kept.size, kept.used = size, time.monotonic()
            self._kept.move_to_end((served.name, name))
        return answer  # type: ignore[no-any-return]

    def _found(self, served: Served, name: str) -> Kept:
        kept = self._kept.get((served.name, name))
        if kept is None:
            raise nothing_there("keyboard", "It was closed, or idle for too long, or never there.")
        return kept

    def _check_room(self, count: int) -> None:
        if count > self._limits.keyboards or self._size >= self._limits.keyboard_bytes:
            raise RefusedError(
                503,
                "there is no room for more on keyboards",
                hint="Close one that is not needed any more, or wait until an idle one is gone.",
                headers={"retry-after": "60"},
            )


def typed(name: str, keyboard: Keyboard) -> Typed:
    """How a keyboard stands."""
    offered: list[Offered] = [
        {**each._asdict(), "learned": each.word in keyboard.memory}  # type: ignore[typeddict-item]
        for each in keyboard.suggestions
    ]
    return {
        "keyboard": name,
        "text": keyboard.text,
        "suggestions": offered,
        "keystrokes": keyboard.keystrokes,
        "saved": keyboard.saved,
        "learned": len(keyboard.memory),
    }


def _learned(keyboard: Keyboard) -> list[LearnedWord]:
    return [each._asdict() for each in keyboard.memory.learned()]  # type: ignore[misc]


def _opened(
    given: Sequence[tuple[LanguageModel, dict[str, Any] | None]],
) -> list[Keyboard | Exception]:
    return one_by_one(_new, given)


def _new(asked: tuple[LanguageModel, dict[str, Any] | None]) -> Keyboard:
    model, memory = asked
    return Keyboard(model, UserModel() if memory is None else read_memory(memory, "memory"))


def _changed(
    given: Sequence[tuple[Keyboard, Change[Any]]],
) -> list[tuple[Any, int] | Exception]:
    return one_by_one(_after, given)


def _after(asked: tuple[Keyboard, Change[Any]]) -> tuple[Any, int]:
    """What a change answers, and the keyboard's bytes after it."""
    keyboard, change = asked
    return change(keyboard), _bytes(keyboard)


def _bytes(keyboard: Keyboard) -> int:
    """What a keyboard takes, about."""
    written = len(keyboard.text) * _LETTER_BYTES
    return _EMPTY_BYTES + keyboard.place_bytes + keyboard.memory.size * _COUNT_BYTES + written
