"""Text of the standard library: the topics of the language reference, docstrings and source code.

Modules are parsed, never imported.
"""

from __future__ import annotations

import ast
import inspect
import sysconfig
import warnings
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


_LEFT_OUT = {"test", "tests", "idlelib", "lib2to3", "site-packages", "dist-packages", "pydoc_data"}
_MIN_LENGTH = 40
"""In characters; a shorter docstring is usually a label, not a sentence."""


def documents_of_python() -> Iterator[tuple[str, str]]:
    """(name, text) of each topic of the language reference, then of the docstrings of each module.

    The order is fixed. The text is that of the running Python and varies slightly with its
    version. Repeated docstrings are left out.
    """
    yield from _topics()
    seen: set[str] = set()
    for name, path in files_of_python():
        text = "\n\n\n".join(_new(_docstrings(path), seen))
        if text:
            yield name, f"{text}\n"


def files_of_python() -> Iterator[tuple[str, Path]]:
    """(name, path) of the modules of the standard library without its tests, sorted by path."""
    folder = Path(sysconfig.get_paths()["stdlib"])
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(folder).parts
        if _LEFT_OUT.isdisjoint(parts):
            yield "/".join(parts), path


def _topics() -> Iterator[tuple[str, str]]:
    try:
        topics = import_module("pydoc_data.topics").topics
    except ImportError:  # some systems package it separately
        return
    for name in sorted(topics):
        yield f"topic {name}", inspect.cleandoc(topics[name]) + "\n"


def _docstrings(path: Path) -> Iterator[str]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # old modules have invalid escape sequences
            tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    for node in ast.walk(tree):
        if isinstance(node, documented):
            text = ast.get_docstring(node)
            if text is not None:
                yield text.strip()


def _new(texts: Iterator[str], seen: set[str]) -> Iterator[str]:
    for text in texts:
        if len(text) >= _MIN_LENGTH and text not in seen:
            seen.add(text)
            yield text
