"""The cache: entries are complete or absent, with concurrent writers and killed processes."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from elman.data import cache as cache_module
from elman.data.cache import Cache
from elman.errors import OutputError, SettingError


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


def put(cache: Cache, key: str, size: int = 10, used: float | None = None) -> Path:
    folder = cache.publish(key, lambda at: (at / "data").write_bytes(b"x" * size) and None)
    if used is not None:
        os.utime(folder / "entry.json", (used, used))
    return folder


def left_over(cache: Cache) -> list[str]:
    return [path.name for path in cache.folder.iterdir() if path.name.startswith(".")]


def test_an_entry_is_built_once(cache: Cache) -> None:
    assert cache.folder_of("a-1") is None
    assert cache.entries() == []
    folder = cache.publish(
        "a-1", lambda at: (at / "x").write_text("one") and None, kind="corpus", about={"n": 1}
    )
    assert (folder / "x").read_text() == "one"
    assert cache.folder_of("a-1") == folder

    def never(_: Path) -> None:
        raise AssertionError("built again")

    assert cache.publish("a-1", never) == folder
    (entry,) = cache.entries()
    assert (entry.key, entry.kind, entry.bytes, entry.about) == ("a-1", "corpus", 3, {"n": 1})
    assert left_over(cache) == []


def test_a_build_that_fails_leaves_nothing(cache: Cache) -> None:
    def build(at: Path) -> None:
        (at / "half").write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cache.publish("a", build)
    assert list(cache.folder.iterdir()) == []


def test_a_process_that_dies_leaves_no_entry_and_is_cleaned_up_after(cache: Cache) -> None:
    code = (
        "import os, sys; from pathlib import Path; from elman.data.cache import Cache\n"
        "def build(at):\n"
        "    (at / 'half').write_text('half'); os._exit(9)\n"
        "Cache(Path(sys.argv[1])).publish('a', build)\n"
    )
    died = subprocess.run([sys.executable, "-c", code, str(cache.folder)], check=False)
    assert died.returncode == 9
    assert len(left_over(cache)) == 1
    assert cache.folder_of("a") is None
    assert cache.entries() == []
    put(cache, "b")
    assert left_over(cache) == []


def test_unfinished_entries_of_another_machine_are_removed_after_a_day(cache: Cache) -> None:
    put(cache, "a")
    left = cache.folder / ".unfinished-elsewhere-1-xyz"
    left.mkdir()
    put(cache, "b")
    assert left.exists()
    os.utime(left, (1.0, 1.0))
    put(cache, "c")
    assert not left.exists()


def test_a_build_under_way_is_not_cleaned_up(cache: Cache) -> None:
    def build(at: Path) -> None:
        put(cache, "inner")
        (at / "x").write_text("still here")

    assert (cache.publish("outer", build) / "x").read_text() == "still here"


def test_two_at_once_are_harmless(cache: Cache) -> None:
    both_built = threading.Barrier(2)

    def build(at: Path) -> None:
        (at / "x").write_text("same")
        both_built.wait(timeout=10)

    folders: list[Path] = []
    threads = [
        threading.Thread(target=lambda: folders.append(cache.publish("a", build))) for _ in "12"
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert folders == [cache.folder / "a"] * 2
    assert (cache.folder / "a" / "x").read_text() == "same"
    assert left_over(cache) == []


@pytest.mark.parametrize("damage", ["truncate", "remove", "garble", "shape", "manifest", "extra"])
def test_a_damaged_entry_is_absent_and_made_again(cache: Cache, damage: str) -> None:
    folder = put(cache, "a")
    match damage:
        case "truncate":
            (folder / "data").write_bytes(b"x")
        case "remove":
            (folder / "data").unlink()
        case "garble":
            (folder / "entry.json").write_text("{")
        case "shape":
            (folder / "entry.json").write_text('{"kind": "x", "about": 3, "files": []}')
        case "manifest":
            (folder / "entry.json").unlink()
        case "extra":
            (folder / "more").write_text("?")
    assert cache.folder_of("a") is None
    assert cache.entries() == []
    assert (put(cache, "a") / "data").read_bytes() == b"x" * 10
    assert cache.folder_of("a") == folder
    assert left_over(cache) == []


def test_the_least_recently_used_goes_first(cache: Cache) -> None:
    for number, key in enumerate(["a", "b", "c"]):
        put(cache, key, size=100, used=1000.0 + number)
    assert [entry.key for entry in cache.entries()] == ["a", "b", "c"]
    assert cache.folder_of("a") is not None  # now used last
    assert [entry.key for entry in cache.entries()] == ["b", "c", "a"]
    cache.limit = 250
    assert cache.evict() == 100
    assert [entry.key for entry in cache.entries()] == ["c", "a"]
    cache.limit = 0
    assert cache.evict({"c"}) == 100
    assert [entry.key for entry in cache.entries()] == ["c"]


def test_publishing_keeps_to_the_limit(tmp_path: Path) -> None:
    cache = Cache(tmp_path, limit=150)
    put(cache, "a", size=100, used=1000.0)
    put(cache, "b", size=100)
    assert [entry.key for entry in cache.entries()] == ["b"]
    put(cache, "huge", size=1000)
    assert [entry.key for entry in cache.entries()] == ["huge"]


def test_clearing_removes_entries_and_nothing_else(cache: Cache) -> None:
    put(cache, "a", size=100)
    (put(cache, "b", size=50) / "data").write_bytes(b"damaged")
    (cache.folder / "thesis").mkdir()
    (cache.folder / "thesis" / "chapter.txt").write_text("precious")
    assert cache.clear() == 107
    assert [path.name for path in cache.folder.iterdir()] == ["thesis"]
    assert (cache.folder / "thesis" / "chapter.txt").read_text() == "precious"
    assert Cache(cache.folder / "absent").clear() == 0


@pytest.mark.parametrize("key", ["", "..", "a/b", "/etc", ".hidden", "a\0", "a" * 152])
def test_a_key_is_not_a_path(cache: Cache, key: str) -> None:
    with pytest.raises(ValueError, match="is not a key of the cache"):
        cache.folder_of(key)


def test_a_cache_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError) as caught:
        put(Cache(tmp_path / "file"), "a")
    assert str(caught.value) == (
        f"{tmp_path / 'file'}: the cache cannot be written: file exists. "
        "Set ELMAN_CACHE to a folder with room, or free some with: elman cache --empty"
    )


def test_a_full_disk(cache: Cache) -> None:
    def build(at: Path) -> None:
        (at / "x").write_text("as far as it went")
        raise OSError(28, "No space left on device")

    with pytest.raises(OutputError, match="cannot be written: no space left on device"):
        cache.publish("a", build)
    assert list(cache.folder.iterdir()) == []


def test_a_cache_that_may_only_be_read_still_serves(
    cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = put(cache, "a")

    def refuse(*_: object) -> None:
        raise PermissionError(30, "Read-only file system")

    monkeypatch.setattr(cache_module.os, "utime", refuse)
    assert cache.folder_of("a") == folder


def test_where_the_cache_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ELMAN_CACHE", str(tmp_path / "mine"))
    assert Cache().folder == tmp_path / "mine"
    monkeypatch.delenv("ELMAN_CACHE")
    assert Cache().folder.name == "elman"


@pytest.mark.parametrize(
    ("setting", "limit"),
    [
        ("2GB", 2_000_000_000),
        ("500mb", 500_000_000),
        ("1.5 GiB", 1_610_612_736),
        ("10k", 10_000),
        ("123", 123),
        ("", 5 * 1024**3),
    ],
)
def test_the_limit(monkeypatch: pytest.MonkeyPatch, setting: str, limit: int) -> None:
    monkeypatch.setenv("ELMAN_CACHE_LIMIT", setting)
    assert Cache().limit == limit


@pytest.mark.parametrize("setting", ["much", "-1", "2 apples", "GB"])
def test_a_limit_that_is_none(monkeypatch: pytest.MonkeyPatch, setting: str) -> None:
    monkeypatch.setenv("ELMAN_CACHE_LIMIT", setting)
    with pytest.raises(SettingError) as caught:
        Cache()
    assert (
        str(caught.value) == f"ELMAN_CACHE_LIMIT: {setting!r} is not a number of bytes. Write: 2GB"
    )
