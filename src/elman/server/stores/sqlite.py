"""Sessions in memory, and in a file from which they come back after a restart.

What changed is written every second, and at the end: a server that is killed loses the last
second's steps, never a session as it was before them.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from pathlib import Path

from elman.errors import OutputError
from elman.server.limits import Limits
from elman.server.records import Record
from elman.server.stores.memory import MemoryStore
from elman.server.stores.store import Formats

_APPLICATION = 0x454C4D31  # "ELM1", by which SQLite's files can say whose they are
_TABLES = """
create table sessions (name text primary key, used real not null, record blob not null)
    without rowid;
create table keys (key blob not null);
"""


class SqliteStore(MemoryStore):
    """Sessions with a file.

    Args:
        formats: of the models that are served; sessions of others stay in the file.

    Raises:
        OutputError: where the file cannot be used.
    """

    def __init__(self, path: Path, limits: Limits, formats: Formats) -> None:
        super().__init__(limits)
        self._formats = formats
        self._changed: set[str] = set()
        try:
            self._file = _opened(path)
            self.key = self._kept_key()
        except (sqlite3.Error, OSError) as error:
            raise OutputError(
                f"cannot keep sessions ({error})", location=path, hint="Name another --sessions."
            ) from error
        self._load()

    async def add(self, name: str, record: Record) -> None:
        await super().add(name, record)
        self._changed.add(name)

    async def give(self, name: str, record: Record) -> None:
        await super().give(name, record)
        self._changed.add(name)

    async def drop(self, name: str) -> None:
        await super().drop(name)
        self._changed.add(name)

    async def tidy(self) -> None:
        await super().tidy()
        changed, self._changed = self._changed, set()
        kept = {name: self._kept.get(name) for name in changed}
        try:
            await asyncio.to_thread(self._write, kept)
        except sqlite3.Error:  # a full disk may be emptied again
            self._changed |= changed
            raise

    async def close(self) -> None:
        await self.tidy()
        self._file.close()

    def _write(self, kept: dict[str, tuple[float, Record] | None]) -> None:
        gone = [(name,) for name, its in kept.items() if its is None]
        rows = [
            (name, its[0], its[1].packed(self._formats[name.partition(":")[0]].model))
            for name, its in kept.items()
            if its is not None
        ]
        with self._file:
            self._file.executemany("delete from sessions where name = ?", gone)
            self._file.executemany("replace into sessions values (?, ?, ?)", rows)

    def _kept_key(self) -> bytes:
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
            format_ = self._formats.get(str(name).partition(":")[0])
            record = None if format_ is None else Record.unpacked(bytes(data), *format_)
            # What there is no room for stays in the file.
            if record is not None and self._has_room(record):
                self._keep(name, used, record)


def _opened(path: Path) -> sqlite3.Connection:
    is_new = not path.exists()
    file = sqlite3.connect(path, check_same_thread=False, timeout=1.0)
    if is_new:
        path.chmod(0o600)  # it holds what people wrote, and a key
    (application,) = file.execute("pragma application_id").fetchone()
    (tables,) = file.execute("select count(*) from sqlite_master").fetchone()
    if tables == 0:
        with file:
            file.executescript(f"pragma application_id = {_APPLICATION}; {_TABLES}")
    elif application != _APPLICATION:
        file.close()
        raise sqlite3.DatabaseError("it is another program's")
    file.execute("pragma journal_mode = wal")
    file.execute("pragma synchronous = normal")
    return file
