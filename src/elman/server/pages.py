"""Files for a browser: a closed list made at the start, asked for by name.

A request's path is looked up in the list and never made a path of the disk.
"""

from __future__ import annotations

import mimetypes
from pathlib import Path

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

FOLDER = Path(__file__).parent / "static"
"""Where the pages are, index.html among them."""

_TYPES = {".js": "text/javascript", ".mjs": "text/javascript", ".map": "application/json"}


class Page:
    """One file, read at the start."""

    def __init__(self, path: Path) -> None:
        kind = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0]
        self._content, self._type = path.read_bytes(), kind or "application/octet-stream"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {"cache-control": "no-cache"}
        answer = Response(self._content, media_type=self._type, headers=headers)
        await answer(scope, receive, send)


def pages(folder: Path = FOLDER) -> dict[str, Page]:
    """The files of a folder by the path that they are asked for, index.html also as /."""
    found = {
        f"/{file.relative_to(folder).as_posix()}": Page(file)
        for file in sorted(folder.rglob("*"))
        if file.is_file() and not file.is_symlink()
    }
    if "/index.html" in found:
        found["/"] = found["/index.html"]
    return found
