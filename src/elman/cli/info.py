"""elman info: what a model file says of itself."""

from __future__ import annotations

from elman.cli.options import Json, ModelFile
from elman.cli.terminal import print_json, size_in_words


def info(model: ModelFile, json: Json = False) -> None:
    """Describe a model: its task, its network, and how it was trained."""
    from elman.models import load

    described = load(model).describe() | {"bytes": model.stat().st_size}
    if json:
        print_json(described)
        return
    rows = [("file", f"{model} ({size_in_words(described.pop('bytes'))})")]
    for group, value in described.items():
        if isinstance(value, dict):
            rows += [(f"{group}: {name}".replace("_", " "), _words(v)) for name, v in value.items()]
        else:
            rows.append((group, _words(value)))
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        print(f"{name:{width}}  {value}")


def _words(value: object) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "none"
    if isinstance(value, dict):
        return ", ".join(f"{name} {_words(each)}" for name, each in value.items())
    if isinstance(value, float):
        return f"{value:.4g}"
    return f"{value:,}" if type(value) is int else str(value)
