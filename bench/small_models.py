"""A small model of each task, and a server of them as a process of its own."""

from __future__ import annotations

import math
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import elman

Use = Callable[[Any], object]


def models() -> dict[str, tuple[Any, Use]]:
    """A small model of each task, and how to use it."""
    texts = ["warm and funny", "cold and dull", "so warm", "so dull"] * 6
    words = [text.split() for text in texts]
    tags = [["X" if word == "and" else "Y" for word in each] for each in words]
    pairs = ["ab", "ba", "aab", "bba", "abab"] * 8
    kinds = np.arange(30) % 3
    names = [["north", "south", "west"][kind] for kind in kinds]
    wave = np.array([100 + step + 20 * math.sin(step * math.pi / 6) for step in range(80)])
    small: dict[str, Any] = {"hidden_size": 16, "steps": 4}
    text = "\n".join(texts * 4)

    def write(model: Any) -> object:
        return (
            [*model.generate("so", length=20, seed=1)],
            model.suggest("so w"),
            model.step("a", model.start()),
        )

    return {
        **{
            tokenizer: (elman.LanguageModel(tokenizer=tokenizer, **small).fit(text), write)
            for tokenizer in ("character", "word", "subword")
        },
        "classifier": (
            elman.Classifier(tokenizer="word", **small).fit(texts, ["good", "bad"] * 12),
            lambda model: model.predict_proba(texts[:3]),
        ),
        "tagger": (elman.Tagger(**small).fit(words, tags), lambda model: model.predict(words[:3])),
        "translator": (
            elman.Translator(tokenizer="character", layers=1, **small).fit(
                pairs, [each.upper() for each in pairs]
            ),
            lambda model: model.predict(pairs[:2]),
        ),
        "describer": (
            elman.Describer(tokenizer="character", **small).fit(np.eye(3)[kinds], names),
            lambda model: model.predict(np.eye(3)),
        ),
        "forecaster": (
            elman.Forecaster(hidden_size=16, steps=2).fit(wave),
            lambda model: model.predict(),
        ),
    }


class Served:
    """`elman serve` with a model of each task, named as in `models`.

    Args:
        folder: for the files.
        options: after the files.

    Attributes:
        address: that it prints.
    """

    def __init__(self, folder: Path, *options: str) -> None:
        files = {folder / f"{name}.safetensors": model for name, (model, _) in models().items()}
        for path, model in files.items():
            model.save(path)
        self._errors = folder / "errors"
        words = [sys.executable, "-m", "elman", "serve", *map(str, files), "--port", "0", *options]
        with self._errors.open("wb") as errors:
            self.process = subprocess.Popen(words, stderr=errors)
        while " at http" not in self._said:
            if self.process.poll() is not None:
                sys.exit(f"the server did not start: {self._said}")
            time.sleep(0.05)
        self._started = self._said
        self.address = self._started.partition(" at ")[2].split()[0]

    @property
    def _said(self) -> str:
        return self._errors.read_text(encoding="utf-8")

    def sample(self) -> tuple[int, int]:
        """Bytes of resident memory, and open descriptors."""
        process = Path(f"/proc/{self.process.pid}")
        pages = int((process / "statm").read_text(encoding="ascii").split()[1])
        return pages * resource.getpagesize(), len(list((process / "fd").iterdir()))

    def stop(self) -> tuple[int, str]:
        """End it; its exit status, and what it wrote on stderr since its start."""
        self.process.terminate()
        status = self.process.wait(timeout=60)
        return status, self._said.removeprefix(self._started)
