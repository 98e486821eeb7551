"""Writes the pages of docs/how-it-reads.md, from models trained for them: `make docs`."""

from __future__ import annotations

import sys
from pathlib import Path

from elman import Classifier
from elman.examples import surnames
from elman.web import explanation_page

MINUTES = 0.5


def draw(folder: Path, minutes: float = MINUTES) -> None:
    """Train two classifiers on surnames and write three pages.

    Args:
        folder: created if missing.
        minutes: training time of each model.
    """
    folder.mkdir(parents=True, exist_ok=True)
    texts, labels = zip(*surnames().train, strict=True)
    settings = {"tokenizer": "character", "hidden_size": 32, "layers": 1, "minutes": minutes}
    plain = Classifier(cell="plain", **settings).fit(texts, labels)
    lstm = Classifier(cell="lstm", **settings).fit(texts, labels)
    for name, model, inputs in (
        ("plain", plain, ["Kowalska"]),
        ("gates", lstm, ["Kowalska"]),
        ("order", lstm, ["Martinelli", "Martilline"]),
    ):
        page = explanation_page([model.explain(text) for text in inputs])
        (folder / f"{name}.html").write_text(page, encoding="utf-8")


if __name__ == "__main__":
    draw(Path(sys.argv[1]))
