"""What a network saw, remembered and said, as plain data; docs/trace.md describes it."""

from elman.explain.cell import explain_cell
from elman.explain.forecasts import explain_forecast
from elman.explain.notes import LONGEST, check_symbols
from elman.explain.readers import explain_classes, explain_language, explain_tags
from elman.explain.rewriting import explain_description, explain_rewrite
from elman.explain.trace import Trace

__all__ = [
    "LONGEST",
    "Trace",
    "check_symbols",
    "explain_cell",
    "explain_classes",
    "explain_description",
    "explain_forecast",
    "explain_language",
    "explain_rewrite",
    "explain_tags",
]
