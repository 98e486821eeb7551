"""elman export: a model as a web page or as an ONNX graph."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from elman.console.options import Json, ModelFile
from elman.console.terminal import print_json, print_list, say, size_in_words, working
from elman.errors import SettingError


def export(
    model: ModelFile,
    web: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Write a folder with a page that runs the model in any browser."
        ),
    ] = None,
    onnx: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a graph for ONNX Runtime.")
    ] = None,
    json: Json = False,
) -> None:
    """Export a model as a web page or as an ONNX graph."""
    from elman.export import write_onnx, write_web

    if web is None and onnx is None:
        raise SettingError(
            "no format is named",
            location="export",
            hint=f"Try: elman export {model} --web page, or: --onnx model.onnx",
        )
    written: dict[str, Any] = {}
    if web is not None:
        files = write_web(model, web)
        size = sum(file.stat().st_size for file in files)
        written["web"] = {"folder": str(web), "files": len(files), "bytes": size}
    if onnx is not None:
        with working("Comparing with ONNX Runtime"):
            agreement = write_onnx(model, onnx)
        if "limitation" in agreement:
            say(agreement["limitation"])
        written["onnx"] = {"file": str(onnx), "bytes": onnx.stat().st_size, **agreement}
    if json:
        print_json(written)
    else:
        print_list([(name, _WORDS[name](each)) for name, each in written.items()])


def _web_in_words(written: dict[str, Any]) -> str:
    folder, size = written["folder"], size_in_words(written["bytes"])
    return f"{folder} ({size}); open it: python -m http.server -d {folder} -b 127.0.0.1"


def _onnx_in_words(written: dict[str, Any]) -> str:
    size, difference = size_in_words(written["bytes"]), written["largest_difference"]
    return f"{written['file']} ({size}); ONNX Runtime agrees within {difference:.1g}"


_WORDS = {"web": _web_in_words, "onnx": _onnx_in_words}
