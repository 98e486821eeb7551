"""elman info: the contents of a model file, or the versions that elman runs on."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, Any

import typer

from elman.console.options import Json
from elman.console.terminal import print_json, print_list, size_in_words
from elman.version import __version__

Described = Annotated[
    Path | None,
    typer.Argument(
        metavar="MODEL",
        readable=False,
        help="A model file; without one, print the versions elman runs on.",
    ),
]


def info(model: Described = None, json: Json = False) -> None:
    """Describe a model: its task, network and training. Without one: the versions elman runs on."""
    described = _program() if model is None else _model(model)
    if json:
        print_json(described)
    elif model is None:
        print_list(_rows(described, ""))
    else:
        size = size_in_words(described.pop("bytes"))
        print_list([("file", f"{model} ({size})"), *_rows(described, "")])


def _model(path: Path) -> dict[str, Any]:
    from elman.tasks.loading import load

    model = load(path)
    return model.describe() | {"int8": model.int8_, "bytes": path.stat().st_size}


def _program() -> dict[str, Any]:
    from elman.kernels import core
    from elman.kernels.threads import threads

    try:
        torch = version("torch")
    except PackageNotFoundError:
        torch = "not installed: only trained models can be used"
    return {
        "elman": __version__,
        "python": platform.python_version(),
        "torch": torch,
        "threads": threads(),
        "native_core": core.state(),
    }


def _rows(described: dict[str, object], indent: str) -> list[tuple[str, str]]:
    """Names and values; a group is a heading above indented rows."""
    rows = []
    for name, value in described.items():
        label = indent + name.replace("_", " ")
        if isinstance(value, dict):
            rows += [(label, ""), *_rows(value, indent + "  ")]
        else:
            rows.append((label, _words(value)))
    return rows


def _words(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "none"
    if isinstance(value, float):
        return f"{value:.4g}"
    return f"{value:,}" if isinstance(value, int) else str(value)
