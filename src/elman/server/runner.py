"""Runs a server from its start to its end."""

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

import uvicorn
from starlette.types import ASGIApp

from elman.errors import SettingError
from elman.kernels.threads import set_threads
from elman.server.api import Api
from elman.server.app import ServerConfig, create_app
from elman.server.limits import Limits
from elman.server.protocol import BoundedProtocol
from elman.server.registry import LoadedModel

_SWITCH_INTERVAL = 0.0005  # seconds until a thread yields to others, a tenth of Python's default
_KEEP_ALIVE = 75  # seconds that a connection may be idle
_OPEN_FILES = 8_192  # that may be open, where the system allows it
_SHUTDOWN_SECONDS = 2  # that readers of a training have to finish


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 finds a free one.

    Raises:
        SettingError: where the address does not exist, or another program uses it.
    """
    try:
        family, *_, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listening = socket.socket(family, socket.SOCK_STREAM)
        if sys.platform != "win32":
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(2_048)
    except (OSError, OverflowError) as error:
        raise SettingError(
            f"cannot serve at {host}:{port} ({getattr(error, 'strerror', None) or error})",
            location="port",
            hint="Use another one: --port 0 finds a free one.",
        ) from error
    return listening


def run_server(
    models: Sequence[LoadedModel],
    config: ServerConfig,
    listening: socket.socket,
    started: Callable[[], None],
) -> None:
    """Serve until SIGTERM or Ctrl-C, then finish the requests that run.

    Args:
        started: called once requests are answered.

    Raises:
        ElmanError: where sessions cannot be stored.
    """
    sys.setswitchinterval(_SWITCH_INTERVAL)
    set_threads(1)  # batches have few rows, and the event loop needs a core too
    _raise_file_limit()
    limits = config.limits
    api = Api(models, config.sessions, limits)
    settings = _uvicorn_config(create_app(api, config), limits, int(limits.request_timeout) + 5)
    _ignore_second_signal()
    with asyncio.Runner(loop_factory=settings.get_loop_factory()) as runner:
        runner.run(_serve(api, _UvicornServer(settings, started), listening))


@contextmanager
def background_server(app: ASGIApp, limits: Limits, listening: socket.socket) -> Iterator[None]:
    """Serve in a thread while something else runs in this one."""
    settings = _uvicorn_config(app, limits, _SHUTDOWN_SECONDS)
    started = threading.Event()
    server = _UvicornServer(settings, started.set)

    def serve() -> None:
        with asyncio.Runner(loop_factory=settings.get_loop_factory()) as runner:
            runner.run(server.serve([listening]))

    thread = threading.Thread(target=serve, name="elman.server", daemon=True)
    thread.start()
    started.wait(10)
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(_SHUTDOWN_SECONDS + 2)


def _uvicorn_config(app: ASGIApp, limits: Limits, shutdown_seconds: int) -> uvicorn.Config:
    """The settings of every server.

    Args:
        shutdown_seconds: that requests have to finish after a signal.
    """
    logging.getLogger("uvicorn").setLevel(logging.CRITICAL)  # messages are our own
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
        timeout_keep_alive=_KEEP_ALIVE,
        timeout_graceful_shutdown=shutdown_seconds,
    )


class _UvicornServer(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._started = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._started()


async def _serve(api: Api, server: uvicorn.Server, listening: socket.socket) -> None:
    async with api:
        # The models stay: a garbage collection that scans them again and again would stop all
        # requests for a fifth of a second.
        gc.collect()
        gc.freeze()
        await server.serve([listening])


def _ignore_second_signal() -> None:
    """uvicorn raises a signal once more after it has shut down."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)


def _raise_file_limit() -> None:
    """A connection is a file, too."""
    if sys.platform == "win32":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    target = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(_OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < target:
        resource.setrlimit(resource.RLIMIT_NOFILE, (target, hard))
