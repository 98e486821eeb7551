"""Sessions in memory, and in an SQLite file from which they are restored after a restart.

Changes are written every second, and at the end: a server that is killed loses the last second's
steps, never a session as it was before them.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from pathlib import Path

from elman.errors import OutputError
from elman.server.http_errors import ApiError, overloaded
from elman.server.limits import Limits
from elman.server.session_state import SessionState
from elman.server.stores.memory import MemoryStore
from elman.server.stores.store import StateFormats, format_of, is_served

_APPLICATION_ID = 0x454C4D31  # "ELM1": SQLite's mark of the program that owns a file
_SCHEMA = (
    f"pragma application_id = {_APPLICATION_ID}",
    "create table sessions (name text primary key, used real not null, record blob not null)"
    " without rowid",
    "create table keys (key blob not null)",
)


class SqliteStore(MemoryStore):
    """A store with a file.

    Args:
        path: of the file, created where it is missing.
        limits: of the sessions.
        formats: of the models that are served; sessions of other models stay in the file.

    Raises:
        OutputError: where the file cannot be used.
    """

    def __init__(self, path: Path, limits: Limits, formats: StateFormats) -> None:
        super().__init__(limits)
        self._path, self._formats = path, formats
        self._changed: set[str] = set()
        try:
            self._file = _open(path)
            self.key = self._stored_key()
        except (sqlite3.Error, OSError) as error:
            raise OutputError(
                f"cannot store sessions ({error})", location=path, hint="Name another --sessions."
            ) from error
        self._load()

    async def add(self, name: str, state: SessionState) -> None:
        await super().add(name, state)
        self._changed.add(name)

    async def _write(self, name: str, state: SessionState) -> None:
        await super()._write(name, state)
        self._changed.add(name)

    async def _delete(self, name: str) -> None:
        await super()._delete(name)
        self._changed.add(name)

    async def evict_expired(self) -> None:
        """Evict, then save what changed."""
        await super().evict_expired()
        changed, self._changed = self._changed, set()
        sessions = {name: self._sessions.get(name) for name in changed}
        try:
            await asyncio.to_thread(self._save, sessions)
        except sqlite3.Error as error:  # a full disk may have room again later
            self._changed |= changed
            raise overloaded("sessions could not be stored") from error

    async def close(self) -> None:
        """Save what changed, and close the file.

        Raises:
            OutputError: it cannot be saved; the file has the sessions as they were before.
        """
        try:
            await self.evict_expired()
        except ApiError as error:
            raise OutputError(
                f"the last steps of sessions are lost ({error.__cause__})",
                location=self._path,
                hint="Free some space before the next start.",
            ) from error
        finally:
            self._file.close()

    def _save(self, sessions: dict[str, tuple[float, SessionState] | None]) -> None:
        """Write sessions to the file, and delete those that are None."""
        deleted = [(name,) for name, entry in sessions.items() if entry is None]
        rows = [
            (name, entry[0], entry[1].to_bytes(format_of(name, self._formats).sha256))
            for name, entry in sessions.items()
            if entry is not None
        ]
        with self._file:
            self._file.executemany("delete from sessions where name = ?", deleted)
            self._file.executemany("replace into sessions values (?, ?, ?)", rows)

    def _stored_key(self) -> bytes:
        with self._file:
            found = self._file.execute("select key from keys").fetchone()
            if found is None:
                self._file.execute("insert into keys values (?)", (self.key,))
        return self.key if found is None else bytes(found[0])

    def _load(self) -> None:
        oldest = time.time() - self._limits.idle
        with self._file:
            self._file.execute("delete from sessions where used <= ?", (oldest,))
        for name, used, data in self._file.execute("select * from sessions order by used"):
            if not is_served(name, self._formats):
                continue
            state = SessionState.from_bytes(bytes(data), *format_of(name, self._formats))
            # Sessions without room stay in the file.
            if state is not None and self._has_room(state):
                self._insert(name, used, state)


def _open(path: Path) -> sqlite3.Connection:
    is_new = not path.exists()
    file = sqlite3.connect(path, check_same_thread=False, timeout=1.0)
    if is_new:
        path.chmod(0o600)  # it holds users' texts, and a key
    try:
        with file:  # one transaction: all tables or none, and no other server between them
            file.execute("begin immediate")
            (application,) = file.execute("pragma application_id").fetchone()
            (tables,) = file.execute("select count(*) from sqlite_master").fetchone()
            if tables == 0:
                for statement in _SCHEMA:
                    file.execute(statement)
            elif application != _APPLICATION_ID:
                raise sqlite3.DatabaseError("it belongs to another program")
        file.execute("pragma journal_mode = wal")
        file.execute("pragma synchronous = normal")
    except BaseException:
        file.close()
        raise
    return file
