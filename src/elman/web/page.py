"""The page of a trace: one file, which loads nothing else.

Its content security policy allows only the script and the style in the page, by their hashes; the
traces are in it as data. Matrices (T, H) are packed: one byte a number and one scale a matrix, so
each number is exact to 1/254 of the largest. All else has the digits of the JSON trace, and the
whole is compressed (gzip, in base64).
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import html
import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from elman.explain.trace import Trace
from elman.web.modules import WEB, joined, uncommented

_LARGEST = 127
_STYLES = ("tokens.css", "base.css", "explanation/attention.css", "explanation/explanation.css")
_TITLE = "A recurrent network, step by step"

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<link rel="icon" href="data:,">
<style>{style}</style>
</head>
<body class="trace">
<header>
<h1>{title}</h1>
<p class="note">What the network read, remembered and predicted at each token.</p>
</header>
<main><elman-explanation></elman-explanation></main>
<noscript>This page needs JavaScript, which is switched off here.</noscript>
<script type="text/plain" id="traces">{data}</script>
<script type="module">{script}</script>
</body>
</html>
"""


def explanation_page(traces: Sequence[Trace], title: str = _TITLE) -> str:
    """The page of a trace, or of two that are compared.

    Args:
        traces: one or two, of the same model.
        title: the heading of the page.

    ::

        Path("trace.html").write_text(explanation_page([model.explain("so it goes")]))
    """
    script = joined(WEB / "explanation" / "page.js")
    style = "\n".join(uncommented(WEB / name) for name in _STYLES)
    policy = (
        f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    return _PAGE.format(
        policy=policy,
        title=html.escape(title),
        style=style,
        data=_as_data([_packed(trace) for trace in traces]),
        script=script,
    )


def _hash(content: str) -> str:
    digest = hashlib.sha256(content.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


def _as_data(value: Any) -> str:
    """JSON, compressed, in base64, which cannot contain a tag."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode()


def _packed(trace: Trace) -> dict[str, Any]:
    plain = trace.as_dict()
    for sequence in plain["sequences"]:
        for layer in sequence["layers"]:
            for matrices in (layer["states"], layer["gates"], layer["output"]):
                for name, matrix in matrices.items():
                    matrices[name] = packed_matrix(np.array(matrix, dtype=np.float64))
    return plain


def packed_matrix(matrix: np.ndarray[Any, Any]) -> dict[str, Any]:
    """(T, H) as int8 with one scale, as explanation/trace.js reads it."""
    scale = float(np.abs(matrix).max(initial=0.0)) / _LARGEST
    rounded = np.round(matrix / scale if scale else matrix).astype(np.int8)
    packed = base64.b64encode(rounded.tobytes()).decode()
    return {"int8": packed, "scale": float(f"{scale:.7g}"), "width": matrix.shape[1]}
