"""What every store of sessions does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from elman.server.records import Record
from elman.server.refusals import RefusedError, nothing_there


class Format(NamedTuple):
    """Of a model's records: the sha256 of its file, and the bytes of a state."""

    model: bytes
    size: int


Formats = Mapping[str, Format]
"""By what the names of a model's sessions begin with."""


class Store(Protocol):
    """Sessions by name. A name is the model's, in hex, a colon, and what nobody can guess.

    Attributes:
        key: what exported sessions are sealed with, as long as the sessions themselves are kept.
    """

    key: bytes

    async def add(self, name: str, record: Record) -> None:
        """Keep a new one.

        Raises:
            RefusedError: where there is no room.
        """

    async def take(self, name: str) -> Record:
        """One that nobody else may take until it is given back.

        Raises:
            RefusedError: where there is none, or another server does not give it back.
        """

    async def give(self, name: str, record: Record) -> None:
        """Give it back, changed or not."""

    async def drop(self, name: str) -> None:
        """Forget one that was taken."""

    async def tidy(self) -> None:
        """Forget what was idle for too long, write down what is to be; called every second."""

    async def count(self) -> int:
        """Of the sessions."""

    async def close(self) -> None: ...


def full() -> RefusedError:
    return RefusedError(
        503,
        "there is no room for another session",
        hint="End one that is not needed any more, or wait until an idle one is forgotten.",
        headers={"retry-after": "60"},
    )


def unknown() -> RefusedError:
    return nothing_there("session", "It was ended, or idle for too long, or never there.")
