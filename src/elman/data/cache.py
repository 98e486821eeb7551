"""A cache on disk for prepared corpora, baselines and vocabularies.

Each entry is a folder. It is built under another name and then renamed, so that an entry is
complete or absent. Its `entry.json` lists its files and their sizes; the modification time of that
file is the time of the last use.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import tempfile
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from elman.errors import OutputError, SettingError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator


DEFAULT_LIMIT = 5 * 1024**3

_MANIFEST = "entry.json"
_UNFINISHED = ".unfinished-"
_A_DAY = 86_400.0
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,150}")
_BYTES = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]?)(I?)B?\s*", re.IGNORECASE)


class CacheEntry(NamedTuple):
    """An entry of the cache.

    Attributes:
        key: its name.
        kind: such as 'corpus' or 'baseline'.
        bytes: the total size of its files.
        used: the time of the last use, in UTC.
        about: plain data that describes it.
    """

    key: str
    kind: str
    bytes: int
    used: datetime
    about: dict[str, Any]


class Cache:
    """Entries by key; evicts the least recently used ones.

    Args:
        folder: of the entries; default $ELMAN_CACHE, or the cache folder of the system.
        limit: the largest total size in bytes; default $ELMAN_CACHE_LIMIT (such as 2GB), or 5 GiB.

    Raises:
        SettingError: ELMAN_CACHE_LIMIT is not a size.
    """

    def __init__(self, folder: Path | None = None, limit: int | None = None) -> None:
        self.folder = folder if folder is not None else _default_folder()
        self.limit = limit if limit is not None else _default_limit()

    def entries(self) -> list[CacheEntry]:
        """The valid entries, the least recently used first."""
        entries = [entry for key in self._keys() if (entry := self._entry(key)) is not None]
        return sorted(entries, key=lambda entry: (entry.used, entry.key))

    def folder_of(self, key: str) -> Path | None:
        """The folder of an entry, which counts as a use; None if it is absent or damaged."""
        if self._entry(key) is None:
            return None
        with suppress(OSError):  # a read-only cache still works
            os.utime(self._path(key) / _MANIFEST)
        return self._path(key)

    def publish(
        self,
        key: str,
        build: Callable[[Path], None],
        *,
        kind: str = "other",
        about: dict[str, Any] | None = None,
    ) -> Path:
        """Build an entry unless it exists; atomic, so a failed `build` leaves nothing.

        Args:
            key: letters, digits and the characters . _ - after the first.
            build: writes the files of the entry into an empty folder.
            kind: of the entry, shown by `elman cache`.
            about: plain data that describes it, shown there too; read after `build` has run.

        Returns:
            The folder of the entry; if another process built it first, that entry.

        Raises:
            OutputError: the folder cannot be written, or the disk is full.
        """
        folder = self.folder_of(key)
        if folder is not None:
            return folder
        try:
            self._clean()
            self._build(key, build, {"kind": kind, "about": about or {}})
            self.evict({key})
        except OSError as error:
            raise self._unwritable(error) from error
        return self._path(key)

    def discard(self, key: str) -> None:
        """Remove an entry, valid or damaged."""
        try:
            self._remove(self._path(key))
        except OSError as error:
            raise self._unwritable(error) from error

    def evict(self, keep: Collection[str] = ()) -> int:
        """Remove the least recently used entries until the total size is within the limit.

        Args:
            keep: keys that are never removed.

        Returns:
            The number of bytes freed.
        """
        entries = self.entries()
        over = sum(entry.bytes for entry in entries) - self.limit
        freed = 0
        for entry in entries:
            if freed >= over:
                break
            if entry.key not in keep:
                self.discard(entry.key)
                freed += entry.bytes
        return freed

    def clear(self) -> int:
        """Remove all entries, also damaged ones. Returns the number of bytes freed."""
        self._clean()
        freed = 0
        for key in list(self._keys()):
            freed += _bytes_under(self._path(key))
            self.discard(key)
        return freed

    def _path(self, key: str) -> Path:
        if not _KEY.fullmatch(key):
            raise ValueError(f"{key!r} is not a key of the cache")
        return self.folder / key

    def _keys(self) -> Iterator[str]:
        """Only folders with a manifest are entries: other files in the folder are left alone."""
        if self.folder.is_dir():
            for path in sorted(self.folder.iterdir()):
                if _KEY.fullmatch(path.name) and (path / _MANIFEST).is_file():
                    yield path.name

    def _entry(self, key: str) -> CacheEntry | None:
        manifest = self._path(key) / _MANIFEST
        try:
            content = json.loads(manifest.read_bytes())
            kind, about = str(content["kind"]), dict(content["about"])
            sizes = dict(content["files"])
            if sizes != _sizes(manifest.parent):
                return None
            used = datetime.fromtimestamp(manifest.stat().st_mtime, UTC)
        except (OSError, ValueError, TypeError, KeyError):
            return None
        return CacheEntry(key, kind, sum(sizes.values()), used, about)

    def _build(self, key: str, build: Callable[[Path], None], fields: dict[str, Any]) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        unfinished = self._new_unfinished()
        try:
            inner = unfinished / key
            inner.mkdir()
            build(inner)
            manifest = json.dumps({**fields, "files": _sizes(inner)})
            (inner / _MANIFEST).write_text(manifest, encoding="utf-8")
            self._move_in(inner, key)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)

    def _move_in(self, made: Path, key: str) -> None:
        for _ in range(3):
            try:
                made.rename(self._path(key))
                return
            except OSError:
                # The path exists: keep a valid entry of another process, remove a damaged one.
                if self._entry(key) is not None:
                    return
                if not self._path(key).exists():
                    raise
                self._remove(self._path(key))
        made.rename(self._path(key))

    def _remove(self, path: Path) -> None:
        """Rename first, so that no process sees a partly removed entry; then delete."""
        if not path.exists():
            return
        unfinished = self._new_unfinished()
        try:
            with suppress(FileNotFoundError):  # another process removed it
                path.rename(unfinished / "removed")
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)

    def _new_unfinished(self) -> Path:
        prefix = f"{_UNFINISHED}{_host()}-{os.getpid()}-"
        return Path(tempfile.mkdtemp(prefix=prefix, dir=self.folder))

    def _clean(self) -> None:
        """Remove unfinished entries of processes that have ended."""
        if self.folder.is_dir():
            for left in self.folder.glob(f"{_UNFINISHED}*"):
                if _is_stale(left):
                    shutil.rmtree(left, ignore_errors=True)

    def _unwritable(self, error: OSError) -> OutputError:
        return OutputError(
            f"the cache cannot be written: {(error.strerror or str(error)).lower()}",
            location=self.folder,
            hint="Set ELMAN_CACHE to a folder with room, or free some with: elman cache --empty",
        )


def _default_folder() -> Path:
    named = os.environ.get("ELMAN_CACHE")
    if named:
        return Path(named).expanduser()
    from platformdirs import user_cache_dir

    return Path(user_cache_dir("elman", appauthor=False))


def _default_limit() -> int:
    setting = os.environ.get("ELMAN_CACHE_LIMIT")
    if not setting:
        return DEFAULT_LIMIT
    match = _BYTES.fullmatch(setting)
    if match is None:
        raise SettingError(
            f"{setting!r} is not a number of bytes", location="ELMAN_CACHE_LIMIT", hint="Write: 2GB"
        )
    number, unit, binary = match.groups()
    base = 1024 if binary else 1000
    return int(float(number) * base ** " KMGT".index(unit.upper() or " "))


def _sizes(folder: Path) -> dict[str, int]:
    """The size of each file under the folder of an entry, except the manifest."""
    return {
        path.relative_to(folder).as_posix(): path.stat().st_size
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path != folder / _MANIFEST
    }


def _bytes_under(folder: Path) -> int:
    try:
        return sum(_sizes(folder).values())
    except OSError:
        return 0


def _host() -> str:
    return re.sub(r"[^A-Za-z0-9]", "", socket.gethostname())[:40] or "host"


def _is_stale(left: Path) -> bool:
    """Whether the process has ended or, if it ran elsewhere, nothing changed for a day."""
    host, _, remainder = left.name.removeprefix(_UNFINISHED).partition("-")
    pid = remainder.partition("-")[0]
    if os.name == "posix" and host == _host() and pid.isdigit():
        return not _is_running(int(pid))
    try:
        newest = max(path.stat().st_mtime for path in [left, *left.rglob("*")])
    except OSError:
        return False  # another process is removing it
    return time.time() - newest > _A_DAY


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError as error:
        return not isinstance(error, ProcessLookupError)
    return True
