"""A page that holds traces and their drawings: one file, which asks for nothing else.

Its policy lets run what has the hashes of the page's own script and style, and nothing more; a
trace is in it as data. Strips (T, H) are packed: a byte a number, a scale for each strip, so a
number is exact to 1/254 of its strip's largest. All else has the digits of the JSON trace, and the
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
from elman.web.modules import WEB, joined

_LARGEST = 127
_STYLES = ("drawing.css", "attention.css")

_TITLES = {
    "language": "What comes next",
    "classify": "How a text is judged",
    "tag": "What each word is",
    "translate": "From one text to another",
    "describe": "From a vector to words",
    "forecast": "What the numbers will be",
    "cell": "A cell, step by step",
}

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
<body>
<header>
<h1>{title}</h1>
<p class="told">What a recurrent network saw, remembered and said, one token after another.</p>
</header>
<main><elman-explanation></elman-explanation></main>
<noscript>The drawings need JavaScript, which is switched off here.</noscript>
<script type="text/plain" id="traces">{data}</script>
<script type="module">{script}</script>
</body>
</html>
"""


def explanation_page(traces: Sequence[Trace]) -> str:
    """The page of one run, or of two that are compared.

    ::

        Path("trace.html").write_text(explanation_page([model.explain("so it goes")]))
    """
    script = joined(WEB / "drawing" / "page.js")
    style = "\n".join((WEB / "drawing" / name).read_text(encoding="utf-8") for name in _STYLES)
    policy = (
        f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    return _PAGE.format(
        policy=policy,
        title=html.escape(_TITLES[traces[0].task]),
        style=style,
        data=_as_data([_packed(trace) for trace in traces]),
        script=script,
    )


def _hash(content: str) -> str:
    digest = hashlib.sha256(content.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


def _as_data(value: Any) -> str:
    """JSON, compressed, in letters that no tag can begin with."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode()


def _packed(trace: Trace) -> dict[str, Any]:
    plain = trace.as_dict()
    for sequence in plain["sequences"]:
        for layer in sequence["layers"]:
            for strips in (layer["states"], layer["gates"], layer["output"]):
                for name, strip in strips.items():
                    strips[name] = _packed_strip(np.array(strip, dtype=np.float64))
    return plain


def _packed_strip(strip: np.ndarray[Any, Any]) -> dict[str, Any]:
    """(T, H) as the format of the page has it: drawing/trace.js reads it."""
    scale = float(np.abs(strip).max(initial=0.0)) / _LARGEST
    rounded = np.round(strip / scale if scale else strip).astype(np.int8)
    packed = base64.b64encode(rounded.tobytes()).decode()
    return {"int8": packed, "scale": float(f"{scale:.7g}"), "width": strip.shape[1]}
