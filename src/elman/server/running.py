"""A server from its start to its end."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch
import uvicorn
from starlette.types import ASGIApp

from elman.errors import SettingError
from elman.server.api import Api
from elman.server.app import Serving, create_app
from elman.server.limits import Limits
from elman.server.protocol import BoundedProtocol
from elman.server.served import Loaded

_SWITCH = 0.0005  # seconds after which a thread lets others go on, a tenth of Python's own
_KEPT_ALIVE = 75  # seconds that a connection may be idle
_FILES = 8_192  # that may be open, where the system lets us
_PATIENCE = 2  # seconds that readers have at the end for what they have not taken yet


def listen(host: str, port: int) -> socket.socket:
    """The place where requests are taken; port 0 finds a free one.

    Raises:
        SettingError: where there is no such place, or another program has it.
    """
    try:
        family, *_, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        taken = socket.socket(family, socket.SOCK_STREAM)
        if sys.platform != "win32":
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(address)
        taken.listen(2_048)
    except (OSError, OverflowError) as error:
        raise SettingError(
            f"cannot serve at {host}:{port} ({getattr(error, 'strerror', None) or error})",
            location="port",
            hint="Name another: --port 0 finds a free one.",
        ) from error
    return taken


def run(
    loaded: Sequence[Loaded], serving: Serving, place: socket.socket, begun: Callable[[], None]
) -> None:
    """Serve until SIGTERM or Ctrl-C, and then finish what runs.

    Args:
        begun: called once requests are answered.

    Raises:
        ElmanError: where sessions cannot be kept as they are to be.
    """
    sys.setswitchinterval(_SWITCH)
    torch.set_num_threads(1)  # rows of a batch are few, and the event loop needs a core too
    _open_more_files()
    api = Api(loaded, serving.sessions, serving.limits)
    limits = serving.limits
    config = _config(create_app(api, serving), limits, int(limits.seconds) + 5)
    _end_in_order()
    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(_serve(api, _Server(config, begun), place))


@contextmanager
def beside(app: ASGIApp, limits: Limits, place: socket.socket) -> Iterator[None]:
    """Serve in a thread of its own while something else is done in this one."""
    config = _config(app, limits, _PATIENCE)
    begun = threading.Event()
    server = _Server(config, begun.set)

    def serve() -> None:
        with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
            runner.run(server.serve([place]))

    thread = threading.Thread(target=serve, name="elman.server", daemon=True)
    thread.start()
    begun.wait(10)
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(_PATIENCE + 2)


def _config(app: ASGIApp, limits: Limits, patience: int) -> uvicorn.Config:
    """How every server runs.

    Args:
        patience: seconds that requests have at the end to be done.
    """
    logging.getLogger("uvicorn").setLevel(logging.CRITICAL)  # what is to be said, we say
    return uvicorn.Config(
        app,
        http=type("Protocol", (BoundedProtocol,), {"limits": limits}),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_keep_alive=_KEPT_ALIVE,
        timeout_graceful_shutdown=patience,
    )


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, begun: Callable[[], None]) -> None:
        super().__init__(config)
        self._begun = begun

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._begun()


async def _serve(api: Api, server: uvicorn.Server, place: socket.socket) -> None:
    async with api:
        # What is loaded by now stays: looked through again and again for what might be garbage, it
        # would stop all requests for a fifth of a second.
        gc.collect()
        gc.freeze()
        await server.serve([place])


def _end_in_order() -> None:
    """uvicorn finishes at a signal, and then raises it once more: nothing is left to do then."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)


def _open_more_files() -> None:
    """A connection is a file, too."""
    if sys.platform == "win32":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if hard == resource.RLIM_INFINITY else min(_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
