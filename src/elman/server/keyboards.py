"""Keyboards that are stored between requests, each with what it has learned from one user.

They live in the memory of this process alone: what was learned is the user's to keep, as a file.
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
from elman.server.http_errors import ApiError, not_found
from elman.server.limits import Limits
from elman.server.openapi import Endpoint
from elman.server.operations.operation import answer_each
from elman.server.registry import ModelEntry
from elman.server.schemas import (
    CreateKeyboardRequest,
    EmptyRequest,
    ForgetRequest,
    KeyboardState,
    KeyboardSuggestion,
    UserWord,
    UserWordsResponse,
    WriteRequest,
)

# Estimates of a keyboard's memory.
_WORD_BYTES = 200  # a word in a context
_CHARACTER_BYTES = 150  # a character of the text, with what was learned from it
_EMPTY_BYTES = 4_096

Answer = TypeVar("Answer")
Action = Callable[[Keyboard], Answer]


@dataclass
class StoredKeyboard:
    """A keyboard, which only its model's thread touches; its size in bytes and last use."""

    keyboard: Keyboard
    size: int
    used: float


class Keyboards:
    """The endpoints of keyboards, for every model that generates text.

    Args:
        limits: of the keyboards, and of their memory.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        # By model and id, which cannot be guessed; the longest idle first.
        self._stored: OrderedDict[tuple[str, str], StoredKeyboard] = OrderedDict()
        self._size = 0

    async def create_keyboard(
        self, entry: ModelEntry, request: CreateKeyboardRequest
    ) -> KeyboardState:
        """Create a keyboard, empty or with the memory of another."""
        self._check_room(len(self._stored) + 1)
        keyboard = await entry.dispatcher.submit(_create_all, (entry.model, request.memory))
        name = secrets.token_urlsafe(16)
        self._stored[entry.name, name] = StoredKeyboard(keyboard, 0, time.monotonic())
        return await self.write(entry, name, WriteRequest(text=""))

    async def write(self, entry: ModelEntry, keyboard: str, request: WriteRequest) -> KeyboardState:
        """Change the text; the keyboard learns from the change, and suggests."""
        self._check_room(len(self._stored))

        def rewrite(stored: Keyboard) -> None:
            stored.rewrite(request.text)
            if request.accept is not None:
                stored.accept(request.accept)

        return await self._change(entry, keyboard, rewrite)

    async def clear(
        self,
        entry: ModelEntry,
        keyboard: str,
        request: EmptyRequest,  # noqa: ARG002
    ) -> KeyboardState:
        """Start a new text; what was written stays learned."""
        return await self._change(entry, keyboard, Keyboard.clear)

    async def user_words(self, entry: ModelEntry, keyboard: str) -> UserWordsResponse:
        """The words that were learned, how often they were written, and after which words."""
        return {"words": await self._run(entry, keyboard, _user_words)}

    async def memory(self, entry: ModelEntry, keyboard: str) -> dict[str, Any]:
        """All that was learned, in the format of `elman type --memory`."""
        return await self._run(entry, keyboard, lambda stored: memory_data(stored.memory))

    async def forget(
        self, entry: ModelEntry, keyboard: str, request: ForgetRequest
    ) -> KeyboardState:
        """Forget a word."""

        def forget_word(stored: Keyboard) -> None:
            if request.word not in stored.memory:
                raise InputError("this word was not learned", location="word")
            stored.forget(request.word)

        return await self._change(entry, keyboard, forget_word)

    async def forget_all(
        self,
        entry: ModelEntry,
        keyboard: str,
        request: EmptyRequest,  # noqa: ARG002
    ) -> KeyboardState:
        """Forget all words."""
        return await self._change(entry, keyboard, Keyboard.forget_all)

    async def delete_keyboard(self, entry: ModelEntry, keyboard: str) -> KeyboardState:
        """Delete a keyboard; returns its last state."""
        last = await self._change(entry, keyboard, lambda _: None)
        stored = self._stored.pop((entry.name, keyboard), None)
        self._size -= 0 if stored is None else stored.size
        return last

    def endpoints(self) -> list[Endpoint]:
        """Below a model's path."""
        keyboard = "/keyboards/{keyboard}"
        return [
            Endpoint.of("POST", f"{keyboard}/write", self.write),
            Endpoint.of("POST", "/keyboards", self.create_keyboard),
            Endpoint.of("POST", f"{keyboard}/clear", self.clear),
            Endpoint.of("GET", f"{keyboard}/user-words", self.user_words),
            Endpoint.of("GET", f"{keyboard}/memory", self.memory),
            Endpoint.of("POST", f"{keyboard}/forget", self.forget),
            Endpoint.of("POST", f"{keyboard}/forget-all", self.forget_all),
            Endpoint.of("DELETE", keyboard, self.delete_keyboard),
        ]

    def evict_expired(self) -> None:
        """Delete keyboards that were idle for too long."""
        oldest = time.monotonic() - self._limits.idle
        while self._stored:
            key, stored = next(iter(self._stored.items()))
            if stored.used > oldest:
                break
            self._size -= stored.size
            del self._stored[key]

    def __len__(self) -> int:
        return len(self._stored)

    async def _change(
        self, entry: ModelEntry, keyboard: str, change: Action[None]
    ) -> KeyboardState:
        """The state after a change."""

        def action(stored: Keyboard) -> KeyboardState:
            change(stored)
            return keyboard_state(keyboard, stored)

        return await self._run(entry, keyboard, action)

    async def _run(self, entry: ModelEntry, keyboard: str, action: Action[Answer]) -> Answer:
        """The answer of an action, in the model's thread.

        Raises:
            ApiError: if the keyboard does not exist.
        """
        key = entry.name, keyboard
        stored = self._stored.get(key)
        if stored is None:
            hint = "It was deleted, idle for too long, or never created."
            raise not_found("keyboard", hint)
        answer, size = await entry.dispatcher.submit(_run_all, (stored.keyboard, action))
        if self._stored.get(key) is stored:  # it may have been deleted meanwhile
            self._size += size - stored.size
            stored.size, stored.used = size, time.monotonic()
            self._stored.move_to_end(key)
        return answer  # type: ignore[no-any-return]

    def _check_room(self, count: int) -> None:
        if count > self._limits.keyboards or self._size >= self._limits.keyboard_bytes:
            raise ApiError(
                503,
                "there is no room for more on keyboards",
                hint="Delete one that is not needed, or wait until an idle one is evicted.",
                headers={"retry-after": "60"},
            )


def keyboard_state(name: str, keyboard: Keyboard) -> KeyboardState:
    suggestions: list[KeyboardSuggestion] = [
        {
            "word": each.word,
            "probability": each.probability,
            "user_word": each.word in keyboard.memory,
        }
        for each in keyboard.suggestions
    ]
    return {
        "keyboard": name,
        "text": keyboard.text,
        "suggestions": suggestions,
        "keystrokes": keyboard.keystrokes,
        "keystrokes_saved": keyboard.saved,
        "user_words": len(keyboard.memory),
    }


def _user_words(keyboard: Keyboard) -> list[UserWord]:
    return [
        {"word": each.word, "count": each.times, "after": each.after}
        for each in keyboard.memory.learned()
    ]


def _create_all(requests: Sequence[tuple[Any, Any]]) -> list[Keyboard | Exception]:
    """A keyboard for each model and memory, which may be None."""

    def create(request: tuple[Any, Any]) -> Keyboard:
        model, memory = request
        return Keyboard(model, UserModel() if memory is None else read_memory(memory, "memory"))

    return answer_each(create, requests)


def _run_all(
    requests: Sequence[tuple[Keyboard, Action[Any]]],
) -> list[tuple[Any, int] | Exception]:
    """The answer of each action, and the keyboard's estimated bytes after it."""

    def run(request: tuple[Keyboard, Action[Any]]) -> tuple[Any, int]:
        keyboard, action = request
        answer = action(keyboard)
        written = len(keyboard.text) * _CHARACTER_BYTES
        learned = keyboard.memory.size * _WORD_BYTES
        return answer, _EMPTY_BYTES + keyboard.state_bytes + learned + written

    return answer_each(run, requests)
