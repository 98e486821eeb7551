"""JavaScript modules: the files that a page imports, and all of them joined as one script, for a
page that can load no other file.

Joining stays simple because modules keep to two rules: each import stands at the top, in lines of
its own, and names an export of a file by a relative path; no two joined files give the same name to
different things at their top level.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

WEB = Path(__file__).parent
_IMPORT = re.compile(r"^import\s[^;]*?from\s+\"(\.[^\"]+)\";\n", re.MULTILINE)
_ON_DEMAND = re.compile(r"\bimport\(\"(\.[^\"]+)\"\)")
_COMMENT = re.compile(r"^[ \t]*(?:/\*(?:[^*]|\*(?!/))*\*/|//[^\n]*)\n", re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|class|const|let)\b)", re.MULTILINE)


def imported(entry: Path, on_demand: Path | None = None) -> list[Path]:
    """The files of a module, each once and after its own imports.

    Args:
        entry: the module; it comes last.
        on_demand: a folder. Files below it that a module loads only when it needs them,
            by `import()`, are included; others are not. None: none are.
    """
    found: dict[Path, None] = {}  # ordered
    _collect(entry, on_demand, found)
    return list(found)


def joined(entry: Path) -> str:
    """A module after all that it imports, as one script without comments."""
    texts = (uncommented(path) for path in imported(entry))
    return "\n".join(_EXPORT.sub("", _IMPORT.sub("", text)) for text in texts)


def uncommented(path: Path) -> str:
    """A script or a stylesheet without the comments that have lines of their own."""
    return _COMMENT.sub("", path.read_text(encoding="utf-8"))


def _collect(path: Path, on_demand: Path | None, found: dict[Path, None]) -> None:
    text = uncommented(path)  # types in comments are imports that nothing loads
    files = [_beside(path, name) for name in _IMPORT.findall(text)]
    if on_demand is not None:
        lazy = [_beside(path, name) for name in _ON_DEMAND.findall(text)]
        files += [file for file in lazy if file.is_relative_to(on_demand)]
    for file in files:
        if file not in found:
            _collect(file, on_demand, found)
    found[path] = None


def _beside(path: Path, name: str) -> Path:
    return Path(os.path.normpath(path.parent / name))
