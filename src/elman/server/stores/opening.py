"""Which store an address means."""

from __future__ import annotations

from pathlib import Path

from elman.errors import SettingError
from elman.server.limits import Limits
from elman.server.stores.memory import MemoryStore
from elman.server.stores.store import Formats, Store

_REDIS = ("redis://", "rediss://")


async def open_store(address: str | None, limits: Limits, formats: Formats) -> Store:
    """Of a file's path, a Redis address, or nothing at all.

    Raises:
        ElmanError: where sessions cannot be kept there.
    """
    if address is None:
        return MemoryStore(limits)
    if not address.startswith(_REDIS):
        from elman.server.stores.sqlite import SqliteStore

        return SqliteStore(Path(address), limits, formats)
    try:
        from elman.server.stores.redis import RedisStore
    except ImportError as error:
        raise SettingError(
            "Redis needs a package that is not here",
            location="sessions",
            hint="pip install 'elman[redis]'",
        ) from error
    store = RedisStore(address, limits, formats)
    await store.connect(address)
    return store
