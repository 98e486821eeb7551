"""A memory as a JSON file of its own: contexts and counts, checked before they are believed.

`{"elman": "keyboard memory", "schema": 1, "trust": [[2, 2, 2], [2, 2, 2]],
"counts": [[[], {"cat": 2}], [["the"], {"cat": 1}]]}`
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NoReturn

from elman.bundle import write_whole
from elman.errors import MemoryFileError, MissingFileError, OutputError
from elman.keyboard.memory import LONGEST, MAX_COUNTS, MAX_WORDS, Evidence, UserModel
from elman.keyboard.observations import LINE, ORDER, is_word, tokens_of

SCHEMA = 1
KIND = "keyboard memory"
LIMIT = 64 * 2**20  # bytes
MIN_TRUST = 1.0  # it begins above that, and only grows
MAX_TIMES = 2**53  # what every reader of JSON counts exactly


def save_memory(memory: UserModel, path: Path) -> None:
    """Write it whole or not at all: what stood there before stays until the new one is safe.

    Raises:
        OutputError: where it cannot be written.
    """
    try:
        write_whole(path, json.dumps(memory_data(memory), ensure_ascii=False).encode())
    except OutputError as error:
        raise OutputError(error.cause, location=path, hint="Name another place.") from error


def memory_data(memory: UserModel) -> dict[str, Any]:
    """What its file holds, as plain data."""
    counts = [[list(context), words] for context, words in memory.counts()]
    return {"elman": KIND, "schema": SCHEMA, "trust": memory.trust, "counts": counts}


def open_memory(path: Path) -> UserModel:
    """The memory in a file; a new one where there is no such file yet.

    Raises:
        MissingFileError: where it may not be read.
        MemoryFileError: where it is no sound memory of a schema known here.
    """
    try:
        with path.open("rb") as file:
            data = file.read(LIMIT + 1)
    except FileNotFoundError:
        return UserModel()
    except OSError as error:
        raise MissingFileError(
            f"cannot be read ({error.strerror or error})", location=path, hint="Name another file."
        ) from error
    if len(data) > LIMIT:
        _refuse(path, f"it is larger than {LIMIT:,} bytes")
    try:
        about = json.loads(data)
    except (ValueError, RecursionError):
        _refuse(path, "it is no JSON")
    return read_memory(about, path)


def read_memory(about: object, path: Path | str) -> UserModel:
    """The memory in what a file held.

    Args:
        path: where that came from.

    Raises:
        MemoryFileError: where it is no sound memory of a schema known here.
    """
    if not isinstance(about, dict) or about.get("elman") != KIND:
        _refuse(path, "it holds no keyboard's memory")
    schema = about.get("schema")
    if type(schema) is int and schema > SCHEMA:
        raise MemoryFileError(
            f"it is of schema {schema}, and this version reads up to {SCHEMA}",
            location=path,
            hint="Upgrade: pip install --upgrade elman",
        )
    if type(schema) is not int or schema != SCHEMA:
        _refuse(path, f"its schema is {schema!r:.40}, which no version has written")
    memory = _memory(path, about.get("counts"))
    memory.trust = _trust(path, about.get("trust"))
    return memory


def _memory(path: Path | str, counts: object) -> UserModel:
    """What the counts say, once each of them is seen to be sound."""
    memory = UserModel()
    seen: set[tuple[str, ...]] = set()
    for context, words in _entries(path, counts):
        if context in seen:
            _refuse(path, f"it says twice what comes after {list(context)}")
        seen.add(context)
        for word, times in words.items():
            if type(times) is not int or not 0 < times <= MAX_TIMES:
                _refuse(path, f"{times!r:.40} is no count")
            memory.add(context, word, times)
    if len(memory) > MAX_WORDS or memory.size > MAX_COUNTS:
        _refuse(path, f"it holds more than {MAX_WORDS:,} words or {MAX_COUNTS:,} counts")
    # What is not among the words would be neither listed nor forgotten.
    for context, words in memory.counts():
        for token in (*words, *context):
            if not _is_token(token):
                _refuse(path, f"{token!r:.80} is no word")
            if (is_word(token) or token in words) and token not in memory:
                _refuse(path, f"{token!r:.80} is not among its words")
    return memory


def _trust(path: Path | str, trust: object) -> Evidence:
    match trust:
        case [list(won), list(claimed)] if len(won) == len(claimed) == ORDER + 1:
            numbers = [*won, *claimed]
        case _:
            numbers = []
    if not numbers or not all(
        type(n) in (int, float) and MIN_TRUST < n < MAX_TIMES for n in numbers
    ):
        _refuse(path, "its trust is malformed")
    return Evidence(numbers[: ORDER + 1], numbers[ORDER + 1 :])


def _entries(path: Path | str, counts: object) -> list[tuple[tuple[str, ...], dict[str, Any]]]:
    if not isinstance(counts, list):
        _refuse(path, "its counts are malformed")
    found = []
    for entry in counts:
        match entry:
            case [list(context), dict(words)] if (
                len(context) <= ORDER and words and all(type(token) is str for token in context)
            ):
                found.append((tuple(context), words))
            case [[], {}]:
                pass
            case _:
                _refuse(path, "its counts are malformed")
    return found


def _is_token(token: str) -> bool:
    return token == LINE or (len(token) <= LONGEST and tokens_of(token) == [token])


def _refuse(path: Path | str, cause: str) -> NoReturn:
    raise MemoryFileError(
        cause, location=path, hint="Name a file that elman type wrote, or a new one."
    )
