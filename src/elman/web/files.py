"""The files of the playground: a closed list, by the path that a browser asks for."""

from __future__ import annotations

from pathlib import Path

from elman.web.modules import WEB


def playground_files() -> dict[str, Path]:
    """What `elman serve` shows at /."""
    return _files("playground")


def watching_files() -> dict[str, Path]:
    """What `elman train --watch` shows at /."""
    return _files("watching", "playground")


def _files(page: str, *others: str) -> dict[str, Path]:
    """A folder's page at /, what it and these others hold, and what is drawn with."""
    served = ("drawing", page, *others)
    found = [file for folder in served for file in sorted((WEB / folder).glob("*.[cj]s*"))]
    found.append(WEB / "runtime" / "elements.js")
    pages = {f"/{file.relative_to(WEB).as_posix()}": file for file in found}
    return {"/": WEB / page / "index.html", **pages}
