"""Files for a browser: a closed list made at the start, asked for by name.

A request's path is looked up in the list and never made a path of the disk.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

_TYPES = {".css": "text/css", ".html": "text/html", ".js": "text/javascript"}


class Page:
    """One file, read at the start."""

    def __init__(self, path: Path) -> None:
        self._content, self._type = path.read_bytes(), _TYPES[path.suffix]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {"cache-control": "no-cache"}
        answer = Response(self._content, media_type=self._type, headers=headers)
        await answer(scope, receive, send)


def pages(files: Mapping[str, Path]) -> dict[str, Page]:
    """Files by the paths that they are asked for."""
    return {path: Page(file) for path, file in files.items()}
