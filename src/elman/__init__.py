"""Elman: recurrent networks for text.

    model = elman.LanguageModel(minutes=3).fit(Path("tale.txt"))
    model.save("tale.safetensors")
    for piece in elman.load("tale.safetensors").generate("Once", seed=1):
        print(piece, end="")

The public names are loaded lazily, so `import elman` and `elman --help` do not import torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from elman.version import __version__

if TYPE_CHECKING:
    from elman.cells import CELLS, GRU, LSTM, Cell, Clockwork, Elman, ElmanReLU, MinGRU, PlainRNN
    from elman.decoding.sampling import Sampling
    from elman.decoding.suggestions import Suggestion
    from elman.errors import ElmanError
    from elman.explain.cell import explain_cell
    from elman.explain.trace import Trace
    from elman.kernels.scan import scan
    from elman.nn.config import StackConfig
    from elman.nn.language_model import LanguageModelNetwork
    from elman.tasks.classification.model import Classifier
    from elman.tasks.description.model import Describer
    from elman.tasks.forecasting.model import Forecaster
    from elman.tasks.language_modeling.model import LanguageModel
    from elman.tasks.loading import load
    from elman.tasks.tagging.model import Tagger
    from elman.tasks.translation.model import Translator
    from elman.text.files import TextSource
    from elman.text.labelled import LabelledSource
    from elman.text.pairs import PairSource
    from elman.text.series import SeriesSource
    from elman.text.tagged import TaggedSource
    from elman.text.vectors import VectorSource

_NAMES_OF_MODULES = {
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
    "elman.decoding.sampling": ("Sampling",),
    "elman.decoding.suggestions": ("Suggestion",),
    "elman.errors": ("ElmanError",),
    "elman.explain.cell": ("explain_cell",),
    "elman.explain.trace": ("Trace",),
    "elman.kernels.scan": ("scan",),
    "elman.nn.config": ("StackConfig",),
    "elman.nn.language_model": ("LanguageModelNetwork",),
    "elman.tasks.classification.model": ("Classifier",),
    "elman.tasks.description.model": ("Describer",),
    "elman.tasks.forecasting.model": ("Forecaster",),
    "elman.tasks.language_modeling.model": ("LanguageModel",),
    "elman.tasks.loading": ("load",),
    "elman.tasks.tagging.model": ("Tagger",),
    "elman.tasks.translation.model": ("Translator",),
    "elman.text.files": ("TextSource",),
    "elman.text.labelled": ("LabelledSource",),
    "elman.text.pairs": ("PairSource",),
    "elman.text.series": ("SeriesSource",),
    "elman.text.tagged": ("TaggedSource",),
    "elman.text.vectors": ("VectorSource",),
}
_MODULE_OF = {name: module for module, names in _NAMES_OF_MODULES.items() for name in names}

__all__ = [
    "CELLS",
    "GRU",
    "LSTM",
    "Cell",
    "Classifier",
    "Clockwork",
    "Describer",
    "Elman",
    "ElmanError",
    "ElmanReLU",
    "Forecaster",
    "LabelledSource",
    "LanguageModel",
    "LanguageModelNetwork",
    "MinGRU",
    "PairSource",
    "PlainRNN",
    "Sampling",
    "SeriesSource",
    "StackConfig",
    "Suggestion",
    "TaggedSource",
    "Tagger",
    "TextSource",
    "Trace",
    "Translator",
    "VectorSource",
    "__version__",
    "explain_cell",
    "load",
    "scan",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'elman' has no attribute {name!r}")
    value = getattr(import_module(_MODULE_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
