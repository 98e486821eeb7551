"""The store for an address."""

from __future__ import annotations

from pathlib import Path

from elman.errors import SettingError
from elman.server.limits import Limits
from elman.server.stores.memory import MemoryStore
from elman.server.stores.store import SessionStore, StateFormats

_REDIS = ("redis://", "rediss://")


async def open_store(address: str | None, limits: Limits, formats: StateFormats) -> SessionStore:
    """Open a session store.

    Args:
        address: a file's path, a Redis URL, or None for memory alone.
        limits: of the sessions.
        formats: of the models that are served.

    Raises:
        ElmanError: where sessions cannot be stored there.
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
            "Redis needs a package that is not installed",
            location="sessions",
            hint="pip install 'elman[redis]'",
        ) from error
    store = RedisStore(address, limits, formats)
    await store.connect(address)
    return store
