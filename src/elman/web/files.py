"""The files of pages that import modules: closed lists, each file by its path below `WEB`."""

from __future__ import annotations

from pathlib import Path

from elman.web.modules import WEB, imported

DRAWING = WEB / "drawing"
SHARED = (DRAWING / "attention.css", WEB / "runtime" / "fan.css")
"""The looks of drawings that both pages have."""


def playground_files() -> dict[str, Path]:
    """What `elman serve` shows at /, by the path that a browser asks for."""
    return _served("playground")


def watching_files() -> dict[str, Path]:
    """What `elman train --watch` shows at /, likewise: it looks as the playground does."""
    return _served("watching", "playground")


def runtime_files() -> dict[str, Path]:
    """The page that runs a model in the browser, first, and all that it needs."""
    page = WEB / "runtime"
    found = [page / "page.css", *SHARED, *imported(page / "page.js")]
    return {"index.html": page / "index.html"} | {_below(file): file for file in found}


def _served(name: str, *looks: str) -> dict[str, Path]:
    """A page, with its looks and those of others."""
    page = WEB / name
    styles = [DRAWING / "drawing.css", *SHARED, *(WEB / x / f"{x}.css" for x in (*looks, name))]
    found = [*styles, *imported(page / "page.js")]
    return {"/": page / "index.html"} | {f"/{_below(file)}": file for file in found}


def _below(file: Path) -> str:
    return file.relative_to(WEB).as_posix()
