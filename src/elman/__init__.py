"""Elman: recurrent networks for text.

    model = elman.LanguageModel(minutes=3).fit(Path("tale.txt"))
    model.save("tale.safetensors")
    for piece in elman.load("tale.safetensors").generate("Once", seed=1):
        print(piece, end="")

The public names are loaded when they are first asked for: `import elman` and `elman --help`
never wait for torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from elman.version import __version__

if TYPE_CHECKING:
    from elman.cells import (
        CELLS,
        GRU,
        LSTM,
        Cell,
        Clockwork,
        Elman,
        ElmanReLU,
        MinGRU,
        PlainRNN,
    )
    from elman.decoding import Sampling, Suggestion
    from elman.errors import ElmanError
    from elman.explain import Trace, explain_cell
    from elman.models import (
        Classifier,
        Describer,
        Forecaster,
        LanguageModel,
        Tagger,
        Translator,
        load,
    )
    from elman.network import Architecture, SymbolNetwork
    from elman.scan import scan
    from elman.text import TextSource

_HOMES = {
    "elman.cells": (
        "CELLS",
        "GRU",
        "LSTM",
        "Cell",
        "Clockwork",
        "Elman",
        "ElmanReLU",
        "MinGRU",
        "PlainRNN",
    ),
    "elman.decoding": ("Sampling", "Suggestion"),
    "elman.errors": ("ElmanError",),
    "elman.explain": ("Trace", "explain_cell"),
    "elman.models": (
        "Classifier",
        "Describer",
        "Forecaster",
        "LanguageModel",
        "Tagger",
        "Translator",
        "load",
    ),
    "elman.network": ("Architecture", "SymbolNetwork"),
    "elman.scan": ("scan",),
    "elman.text": ("TextSource",),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "CELLS",
    "GRU",
    "LSTM",
    "Architecture",
    "Cell",
    "Classifier",
    "Clockwork",
    "Describer",
    "Elman",
    "ElmanError",
    "ElmanReLU",
    "Forecaster",
    "LanguageModel",
    "MinGRU",
    "PlainRNN",
    "Sampling",
    "Suggestion",
    "SymbolNetwork",
    "Tagger",
    "TextSource",
    "Trace",
    "Translator",
    "__version__",
    "explain_cell",
    "load",
    "scan",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'elman' has no attribute {name!r}")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
