"""elman info: what a model file says of itself."""

from __future__ import annotations

from elman.cli.options import Json, ModelFile
from elman.cli.terminal import print_json, print_list, size_in_words


def info(model: ModelFile, json: Json = False) -> None:
    """Describe a model: its task, its network, its training."""
    from elman.models import load

    described = load(model).describe() | {"bytes": model.stat().st_size}
    if json:
        print_json(described)
        return
    size = size_in_words(described.pop("bytes"))
    print_list([("file", f"{model} ({size})"), *_rows(described, "")])


def _rows(described: dict[str, object], indent: str) -> list[tuple[str, str]]:
    """Groups as a heading and what is below it, set in."""
    rows = []
    for name, value in described.items():
        said = indent + name.replace("_", " ")
        if isinstance(value, dict):
            rows += [(said, ""), *_rows(value, indent + "  ")]
        else:
            rows.append((said, _words(value)))
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
