"""A user model as a JSON file: counts by context, validated when read.

`{"elman": "keyboard memory", "schema": 1, "trust": [[2, 2, 2], [2, 2, 2]],
"counts": [[[], {"cat": 2}], [["the"], {"cat": 1}]]}`
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NoReturn

from elman.bundle import write_whole
from elman.errors import MemoryFileError, MissingFileError, OutputError
from elman.keyboard.memory import MAX_COUNTS, MAX_LENGTH, MAX_WORDS, Evidence, UserModel
from elman.keyboard.observations import LINE, ORDER, is_word, tokens_of

SCHEMA = 1
KIND = "keyboard memory"
MAX_BYTES = 64 * 2**20
MIN_EVIDENCE = 1.0  # it starts above this, and only grows
MAX_TIMES = 2**53  # largest integer that every JSON parser reads exactly


def save_memory(memory: UserModel, path: Path) -> None:
    """Write a file atomically: an older file stays until the new one is complete.

    Args:
        memory: what to save.
        path: the file.

    Raises:
        OutputError: the file cannot be written.
    """
    try:
        write_whole(path, json.dumps(memory_data(memory), ensure_ascii=False).encode())
    except OutputError as error:
        raise OutputError(error.cause, location=path, hint="Name another file.") from error


def memory_data(memory: UserModel) -> dict[str, Any]:
    """The content of the file, as JSON types."""
    counts = [[list(context), words] for context, words in memory.counts()]
    return {"elman": KIND, "schema": SCHEMA, "trust": memory.evidence, "counts": counts}


def open_memory(path: Path) -> UserModel:
    """Read a file; a file that does not exist yet is an empty memory.

    Args:
        path: the file.

    Raises:
        MissingFileError: the file cannot be read.
        MemoryFileError: the file is not a valid memory of a known schema.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return UserModel()
    except OSError as error:
        raise MissingFileError(
            f"cannot be read ({error.strerror or error})", location=path, hint="Name another file."
        ) from error
    if len(data) > MAX_BYTES:
        _refuse(path, f"it is larger than {MAX_BYTES:,} bytes")
    try:
        content = json.loads(data)
    except (ValueError, RecursionError):
        _refuse(path, "it is not JSON")
    return read_memory(content, path)


def read_memory(content: object, path: Path | str) -> UserModel:
    """The memory in the content of a file.

    Args:
        content: parsed JSON.
        path: location for errors.

    Raises:
        MemoryFileError: the content is not a valid memory of a known schema.
    """
    if not isinstance(content, dict) or content.get("elman") != KIND:
        _refuse(path, "it is not the memory of a keyboard")
    schema = content.get("schema")
    if type(schema) is int and schema > SCHEMA:
        raise MemoryFileError(
            f"it is of schema {schema}, and this version reads up to {SCHEMA}",
            location=path,
            hint="Upgrade: pip install --upgrade elman",
        )
    if type(schema) is not int or schema != SCHEMA:
        _refuse(path, f"its schema is {schema!r:.40}, which does not exist")
    memory = _user_model(path, content.get("counts"))
    memory.evidence = _evidence(path, content.get("trust"))
    return memory


def _user_model(path: Path | str, counts: object) -> UserModel:
    """The counts, all validated."""
    memory = UserModel()
    seen: set[tuple[str, ...]] = set()
    for context, words in _entries(path, counts):
        if context in seen:
            _refuse(path, f"it has the context {list(context)} twice")
        seen.add(context)
        for word, times in words.items():
            if type(times) is not int or not 0 < times <= MAX_TIMES:
                _refuse(path, f"{times!r:.40} is not a count")
            memory.add(context, word, times)
    if len(memory) > MAX_WORDS or memory.size > MAX_COUNTS:
        _refuse(path, f"it holds more than {MAX_WORDS:,} words or {MAX_COUNTS:,} counts")
    # A word that is only in a context could be neither listed nor forgotten.
    for context, words in memory.counts():
        for token in (*words, *context):
            if not _is_token(token):
                _refuse(path, f"{token!r:.80} is not a word")
            if (is_word(token) or token in words) and token not in memory:
                _refuse(path, f"{token!r:.80} is not among its words")
    return memory


def _evidence(path: Path | str, trust: object) -> Evidence:
    match trust:
        case [list(above), list(below)] if len(above) == len(below) == ORDER + 1:
            numbers = [*above, *below]
        case _:
            numbers = []
    if not numbers or not all(
        type(n) in (int, float) and MIN_EVIDENCE < n < MAX_TIMES for n in numbers
    ):
        _refuse(path, "its trust is malformed")
    return Evidence(numbers[: ORDER + 1], numbers[ORDER + 1 :])


def _entries(path: Path | str, counts: object) -> list[tuple[tuple[str, ...], dict[str, Any]]]:
    if not isinstance(counts, list):
        _refuse(path, "its counts are malformed")
    entries = []
    for entry in counts:
        match entry:
            case [list(context), dict(words)] if (
                len(context) <= ORDER and words and all(type(token) is str for token in context)
            ):
                entries.append((tuple(context), words))
            case [[], {}]:
                pass
            case _:
                _refuse(path, "its counts are malformed")
    return entries


def _is_token(token: str) -> bool:
    return token == LINE or (len(token) <= MAX_LENGTH and tokens_of(token) == [token])


def _refuse(path: Path | str, cause: str) -> NoReturn:
    raise MemoryFileError(
        cause, location=path, hint="Name a file that elman type wrote, or a new one."
    )
