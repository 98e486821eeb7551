"""JavaScript modules: which a page needs, and all of them put together as one, for a page that can
ask for no other file.

Modules are written so that this is simple: each import stands in lines of its own at the top and
names what another file near it exports; where they are put together, no two files give the same
name to different things at their top, or the browser would refuse the whole.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

WEB = Path(__file__).parent
_IMPORT = re.compile(r"^import\s[^;]*?from\s+\"(\.[^\"]+)\";\n", re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|class|const|let)\b)", re.MULTILINE)


def imported(entry: Path) -> list[Path]:
    """All that a module imports, each once and after what it imports itself; last the module."""
    found: dict[Path, None] = {}  # in order
    _collect(entry, found)
    return list(found)


def joined(entry: Path) -> str:
    """A module after all that it imports, each once."""
    texts = (path.read_text(encoding="utf-8") for path in imported(entry))
    return "\n".join(_EXPORT.sub("", _IMPORT.sub("", text)) for text in texts)


def _collect(path: Path, found: dict[Path, None]) -> None:
    for name in _IMPORT.findall(path.read_text(encoding="utf-8")):
        file = Path(os.path.normpath(path.parent / name))
        if file not in found:
            _collect(file, found)
    found[path] = None
