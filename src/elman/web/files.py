"""The files of pages that load modules: closed lists, each file by its path below `WEB`."""

from __future__ import annotations

import re
from pathlib import Path

from elman.web.modules import WEB, imported

_STYLESHEET = re.compile(r'<link rel="stylesheet" href="([^"]+)"')


def playground_files() -> dict[str, Path]:
    """The page of `elman serve`, by the path that a browser asks for."""
    return _served("playground")


def dashboard_files() -> dict[str, Path]:
    """The page of `elman train --watch`, likewise."""
    return _served("dashboard")


def exported_files() -> dict[str, Path]:
    """The page that runs a model in the browser, first, and all that it needs."""
    files = _files("exported", on_demand=WEB / "runtime")
    return {"index.html": WEB / "exported" / "index.html"} | files


def _served(name: str) -> dict[str, Path]:
    files = _files(name, on_demand=WEB / name)
    return {"/": WEB / name / "index.html"} | {f"/{path}": file for path, file in files.items()}


def _files(name: str, on_demand: Path) -> dict[str, Path]:
    """The stylesheets and modules of a page, by their paths below `WEB`."""
    page = WEB / name
    styles = _STYLESHEET.findall((page / "index.html").read_text(encoding="utf-8"))
    files = [*(WEB / path for path in styles), *imported(page / "page.js", on_demand)]
    return {file.relative_to(WEB).as_posix(): file for file in files}
