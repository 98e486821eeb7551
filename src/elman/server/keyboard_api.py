"""The routes of keyboards: each a method here, its path and its schema in the table below."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from elman.server.keyboards import Keyboards
from elman.server.schemas import LearnedWords, Nothing, ToForget, ToOpen, ToWrite, Typed
from elman.server.served import Served

Find = Callable[[str, str], Served]
"""A model by its name, and by what it is to do."""


class KeyboardApi:
    """A keyboard on a language model, for one writer at a time."""

    def __init__(self, keyboards: Keyboards, served: Find) -> None:
        self._keyboards, self._find = keyboards, served

    async def open_keyboard(self, name: str, asked: ToOpen) -> Typed:
        """A new keyboard, or one that knows what another learned."""
        return await self._keyboards.open(self._served(name), asked.memory)

    async def write(self, name: str, keyboard: str, asked: ToWrite) -> Typed:
        """Write, or delete, as the text has changed; it learns from that, and suggests."""
        served = self._served(name)
        return await self._keyboards.write(served, keyboard, asked.text, asked.accept)

    async def clear(self, name: str, keyboard: str, asked: Nothing) -> Typed:  # noqa: ARG002
        """Begin a new text; what was written before is learned."""
        return await self._keyboards.clear(self._served(name), keyboard)

    async def learned(self, name: str, keyboard: str) -> LearnedWords:
        """The words that it learned, how often they were written, and after what."""
        return {"words": await self._keyboards.learned(self._served(name), keyboard)}

    async def memory(self, name: str, keyboard: str) -> dict[str, Any]:
        """What it learned, as `elman type --memory` keeps it."""
        return await self._keyboards.memory(self._served(name), keyboard)

    async def forget(self, name: str, keyboard: str, asked: ToForget) -> Typed:
        """Forget a word."""
        return await self._keyboards.forget(self._served(name), keyboard, asked.word)

    async def forget_all(self, name: str, keyboard: str, asked: Nothing) -> Typed:  # noqa: ARG002
        """Forget all that it learned."""
        return await self._keyboards.forget(self._served(name), keyboard, None)

    async def close_keyboard(self, name: str, keyboard: str) -> Typed:
        """Forget the keyboard, and all that it learned."""
        return await self._keyboards.close(self._served(name), keyboard)

    def _served(self, name: str) -> Served:
        return self._find(name, "keyboards")

    def routes(self) -> list[tuple[str, str, Any, dict[int, Any]]]:
        """Method, path and endpoint of each, and what is to be said of its answers."""
        keyboards = "/models/{name}/keyboards"
        keyboard = f"{keyboards}/{{keyboard}}"
        return [
            ("POST", f"{keyboard}/write", self.write, {}),
            ("POST", keyboards, self.open_keyboard, {}),
            ("POST", f"{keyboard}/clear", self.clear, {}),
            ("GET", f"{keyboard}/learned", self.learned, {}),
            ("GET", f"{keyboard}/memory", self.memory, {}),
            ("POST", f"{keyboard}/forget", self.forget, {}),
            ("POST", f"{keyboard}/forget-all", self.forget_all, {}),
            ("DELETE", keyboard, self.close_keyboard, {}),
        ]
