"""elman cache: the encoded training texts on disk."""

from __future__ import annotations

from typing import Annotated

import typer

from elman.console.options import Json
from elman.console.terminal import counted, print_json, size_in_words


def cache(
    empty: Annotated[bool, typer.Option("--empty", help="Delete all entries.")] = False,
    json: Json = False,
) -> None:
    """List or delete the cached training texts.

    The cache is the folder $ELMAN_CACHE; its size is at most $ELMAN_CACHE_LIMIT (such as 2GB).
    """
    from elman.data.cache import Cache

    kept = Cache()
    if empty:
        freed = kept.clear()
        if json:
            print_json({"folder": str(kept.folder), "freed": freed})
        else:
            print(f"{size_in_words(freed)} freed in {kept.folder}")
        return
    entries = kept.entries()
    total = sum(entry.bytes for entry in entries)
    if json:
        listed = [{**each._asdict(), "used": each.used.isoformat()} for each in entries]
        print_json(
            {"folder": str(kept.folder), "bytes": total, "limit": kept.limit, "entries": listed}
        )
        return
    for entry in entries:
        what = f"{entry.kind} {entry.about.get('tokenizer', '')}"
        print(f"{entry.used:%Y-%m-%d %H:%M}  {what:20}  {size_in_words(entry.bytes):>9}")
    used, limit = size_in_words(total), size_in_words(kept.limit)
    print(f"{counted(len(entries), 'entry', 'entries')}, {used} of {limit}, in {kept.folder}")
    if entries:
        print("Empty it with: elman cache --empty")
