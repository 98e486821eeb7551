"""The demo's tagger: a tag for each token of Python's source."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from elman.tasks.demo_part import DemoPart, print_aligned

if TYPE_CHECKING:
    from elman.tasks.tagging.model import Tagger


CODE = "def area ( circle ) : return math . pi * circle . radius ** 2 # of a circle"


def demo_parts(folder: Path) -> Iterator[DemoPart]:
    """Python source, with a tag for each token."""
    from elman.examples import sentences_of_python

    code = folder / "python.conll"
    sentences = sentences_of_python()
    for part, path in ((sentences.train, code), (sentences.test, folder / "python-test.conll")):
        rows = ("\n".join(map("\t".join, zip(*each, strict=True))) for each in part)
        path.write_text("\n\n".join(rows) + "\n", encoding="utf-8")
    title = "Python's own source, each token tagged with what tokenize and ast say"
    yield DemoPart(title, "tag", [code], "tokens.safetensors", _tell_tags)


def _tell_tags(model: Tagger) -> None:
    print("A line that it has not seen:\n")
    words = CODE.split()
    print_aligned(words, model.predict([words])[0])
