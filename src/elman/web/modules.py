"""JavaScript modules put together as one, for a page that can ask for no other file.

Modules are written so that this is simple: each import stands in lines of its own at the top and
names what another file beside it exports; no two files give the same name to different things at
their top, or the browser would refuse the whole.
"""

from __future__ import annotations

import re
from pathlib import Path

WEB = Path(__file__).parent
_IMPORT = re.compile(r"^import\s[^;]*?from\s+\"(\.[^\"]+)\";\n", re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|class|const|let)\b)", re.MULTILINE)


def joined(entry: Path) -> str:
    """A module after all that it imports, each once."""
    found: dict[Path, str] = {}
    _collect(entry.resolve(), found)
    return "\n".join(found.values())


def _collect(path: Path, found: dict[Path, str]) -> None:
    text = path.read_text(encoding="utf-8")
    for imported in _IMPORT.findall(text):
        file = (path.parent / imported).resolve()
        if file not in found:
            _collect(file, found)
    found[path] = _EXPORT.sub("", _IMPORT.sub("", text))
