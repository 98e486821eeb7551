"""Files for a browser: a closed list, read at the start and looked up by path.

A request's path never becomes a path of the disk.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from starlette.types import Receive, Scope, Send

from elman.server.responses import send_response
from elman.server.router import Router

_MEDIA = {
    suffix: f"text/{kind}; charset=utf-8".encode()
    for suffix, kind in {".css": "css", ".html": "html", ".js": "javascript"}.items()
}


class StaticFile:
    """The response with one file, read at the start."""

    def __init__(self, path: Path) -> None:
        self._content, self._media = path.read_bytes(), _MEDIA[path.suffix]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        headers = [(b"cache-control", b"no-cache")]
        await send_response(send, 200, self._content, headers, media=self._media)


def add_static_files(router: Router, files: Mapping[str, Path]) -> None:
    """Serve files by the paths at which a browser requests them."""
    for path, file in files.items():
        router.add("GET", path, StaticFile(file))
