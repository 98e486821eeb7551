"""What took long to make and can be made again: prepared corpora, baselines, vocabularies.

One folder an entry. An entry is built beside its place and then renamed into it, so that what is
there is whole. `entry.json` in it lists its files and their sizes; its time is the last use.
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
    """What the cache holds under one key."""

    key: str
    kind: str
    bytes: int
    used: datetime
    about: dict[str, Any]


class Cache:
    """Entries by key, the least recently used forgotten first.

    Args:
        folder: where entries are; by default $ELMAN_CACHE, or the system's folder for caches.
        limit: bytes; by default $ELMAN_CACHE_LIMIT (such as 2GB), or 5 GiB.

    Raises:
        SettingError: ELMAN_CACHE_LIMIT is no amount of bytes.
    """

    def __init__(self, folder: Path | None = None, limit: int | None = None) -> None:
        self.folder = folder if folder is not None else _default_folder()
        self.limit = limit if limit is not None else _default_limit()

    def entries(self) -> list[CacheEntry]:
        """The sound entries, the least recently used first."""
        found = [entry for key in self._keys() if (entry := self._entry(key)) is not None]
        return sorted(found, key=lambda entry: (entry.used, entry.key))

    def folder_of(self, key: str) -> Path | None:
        """Where an entry's files are, which counts as a use; None if it is absent or damaged."""
        if self._entry(key) is None:
            return None
        with suppress(OSError):  # a cache that may only be read still serves
            os.utime(self._place(key) / _MANIFEST)
        return self._place(key)

    def publish(
        self,
        key: str,
        build: Callable[[Path], None],
        *,
        kind: str = "other",
        about: dict[str, Any] | None = None,
    ) -> Path:
        """Make an entry unless it is there: all of it, or, if `build` fails, nothing.

        Args:
            key: letters, digits, and . _ - between them.
            build: writes the entry's files into the empty folder that it is given.
            kind: what it is, in a word, for those who list the cache.
            about: plain data for the same; read after `build` has run.

        Returns:
            The entry's folder. Where another process was faster, that one's.

        Raises:
            OutputError: the folder cannot be written, or the disk is full.
        """
        found = self.folder_of(key)
        if found is not None:
            return found
        try:
            self._clean()
            self._build(key, build, {"kind": kind, "about": about or {}})
            self.evict({key})
        except OSError as error:
            raise self._unwritable(error) from error
        return self._place(key)

    def discard(self, key: str) -> None:
        """Forget an entry, sound or not."""
        try:
            self._remove(self._place(key))
        except OSError as error:
            raise self._unwritable(error) from error

    def evict(self, keep: Collection[str] = ()) -> int:
        """Forget the least recently used entries, but none of `keep`, until all that remain are
        within the limit. Returns the bytes freed."""
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
        """Forget everything, damaged entries too. Returns the bytes freed."""
        self._clean()
        freed = 0
        for key in list(self._keys()):
            freed += _bytes_under(self._place(key))
            self.discard(key)
        return freed

    def _place(self, key: str) -> Path:
        if not _KEY.fullmatch(key):
            raise ValueError(f"{key!r} is no key of the cache")
        return self.folder / key

    def _keys(self) -> Iterator[str]:
        """Only folders with a manifest count: should the cache's folder be one where other things
        are, those are left alone."""
        if self.folder.is_dir():
            for place in sorted(self.folder.iterdir()):
                if _KEY.fullmatch(place.name) and (place / _MANIFEST).is_file():
                    yield place.name

    def _entry(self, key: str) -> CacheEntry | None:
        manifest = self._place(key) / _MANIFEST
        try:
            said = json.loads(manifest.read_bytes())
            kind, about, sizes = str(said["kind"]), dict(said["about"]), dict(said["files"])
            if sizes != _sizes(manifest.parent):
                return None
            used = datetime.fromtimestamp(manifest.stat().st_mtime, UTC)
        except (OSError, ValueError, TypeError, KeyError):
            return None
        return CacheEntry(key, kind, sum(sizes.values()), used, about)

    def _build(self, key: str, build: Callable[[Path], None], said: dict[str, Any]) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        unfinished = self._new_unfinished()
        try:
            inner = unfinished / key
            inner.mkdir()
            build(inner)
            manifest = json.dumps({**said, "files": _sizes(inner)})
            (inner / _MANIFEST).write_text(manifest, encoding="utf-8")
            self._move_in(inner, key)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)

    def _move_in(self, made: Path, key: str) -> None:
        for _ in range(3):
            try:
                made.rename(self._place(key))
                return
            except OSError:
                # Something is there: another process's entry, which will do, or a damaged one.
                if self._entry(key) is not None:
                    return
                if not self._place(key).exists():
                    raise
                self._remove(self._place(key))
        made.rename(self._place(key))

    def _remove(self, location: Path) -> None:
        """Out of its place in one step, so that nobody finds half of it, and then away."""
        if not location.exists():
            return
        unfinished = self._new_unfinished()
        try:
            with suppress(FileNotFoundError):  # another process was faster
                location.rename(unfinished / "removed")
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)

    def _new_unfinished(self) -> Path:
        whose = f"{_UNFINISHED}{_host()}-{os.getpid()}-"
        return Path(tempfile.mkdtemp(prefix=whose, dir=self.folder))

    def _clean(self) -> None:
        """Remove what processes that are no more have left behind."""
        if self.folder.is_dir():
            for left in self.folder.glob(f"{_UNFINISHED}*"):
                if _is_stale(left):
                    shutil.rmtree(left, ignore_errors=True)

    def _unwritable(self, error: OSError) -> OutputError:
        return OutputError(
            f"the cache cannot be written: {(error.strerror or str(error)).lower()}",
            location=self.folder,
            hint="Set ELMAN_CACHE to a folder with room, or make some with: elman cache --empty",
        )


def _default_folder() -> Path:
    named = os.environ.get("ELMAN_CACHE")
    if named:
        return Path(named).expanduser()
    from platformdirs import user_cache_dir

    return Path(user_cache_dir("elman", appauthor=False))


def _default_limit() -> int:
    said = os.environ.get("ELMAN_CACHE_LIMIT")
    if not said:
        return DEFAULT_LIMIT
    found = _BYTES.fullmatch(said)
    if found is None:
        raise SettingError(
            f"{said!r} is no amount of bytes", location="ELMAN_CACHE_LIMIT", hint="Write: 2GB"
        )
    number, tokenizer, binary = found.groups()
    base = 1024 if binary else 1000
    return int(float(number) * base ** " KMGT".index(tokenizer.upper() or " "))


def _sizes(folder: Path) -> dict[str, int]:
    """Every file under an entry's folder but the manifest, and its size."""
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
    """Whether its process is gone, or, where that cannot be told, nothing happened for a day."""
    host, _, rest = left.name.removeprefix(_UNFINISHED).partition("-")
    pid = rest.partition("-")[0]
    if os.name == "posix" and host == _host() and pid.isdigit():
        return not _is_running(int(pid))
    try:
        newest = max(path.stat().st_mtime for path in [left, *left.rglob("*")])
    except OSError:
        return False  # it is being removed just now
    return time.time() - newest > _A_DAY


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError as error:
        return not isinstance(error, ProcessLookupError)
    return True
