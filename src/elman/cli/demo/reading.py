"""The demo's readers: a tag for each token of Python's source, a language for each surname."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from elman.cli.demo.part import DemoPart, print_aligned, write_table
from elman.console.terminal import share_in_words

if TYPE_CHECKING:
    from elman.tasks.classification.model import Classifier
    from elman.tasks.tagging.model import Tagger


CODE = "def area ( circle ) : return math . pi * circle . radius ** 2 # of a circle"
SURNAMES = ("Nakagawa-Smith", "Lindqvist", "Kowalczyk", "O'Sullivan", "Ferrari")
A_SURNAME = "Schmidtova"


def tag_parts(folder: Path) -> Iterator[DemoPart]:
    """Python's own source, its tokens told apart."""
    from elman.examples import sentences_of_python

    code = folder / "python.conll"
    sentences = sentences_of_python()
    for part, path in ((sentences.train, code), (sentences.test, folder / "python-test.conll")):
        rows = ("\n".join(map("\t".join, zip(*each, strict=True))) for each in part)
        path.write_text("\n\n".join(rows) + "\n", encoding="utf-8")
    title = "Python's own source, each token tagged with what tokenize and ast say"
    yield DemoPart(title, "tag", [code], "tokens.safetensors", _tell_tags)


def surname_parts(folder: Path) -> Iterator[DemoPart]:
    """Surnames and their languages.

    Raises:
        InputError: the lists are in a package that is not installed.
    """
    from elman.examples import surnames

    split = surnames()
    names = folder / "surnames.tsv"
    for pairs, path in ((split.train, names), (split.test, folder / "surnames-test.tsv")):
        write_table(path, ("surname", "language"), *pairs)
    settings = {"tokenizer": "character", "hidden_size": 128}
    title = "the language of a surname"
    yield DemoPart(
        title, "classify", [names], "surnames.safetensors", _tell_languages, settings=settings
    )


def _tell_tags(model: Tagger) -> None:
    print("A line that it has not seen:\n")
    words = CODE.split()
    print_aligned(words, model.predict([words])[0])


def _tell_languages(model: Classifier) -> None:
    for name, spread in zip(SURNAMES, model.predict_proba(SURNAMES), strict=True):
        best = spread.argsort()[::-1][:3]
        told = ", ".join(
            f"{model.classes_[place]} {share_in_words(spread[place])}" for place in best
        )
        print(f"  {name:16}{told}")
    print(f"\nIts answer after every letter of {A_SURNAME}:\n")
    state = model.start()
    for letter in A_SURNAME:
        answer, state = model.step(letter, state)
        best_label = max(answer, key=lambda label: answer[label])
        print(f"  {letter}  {best_label} {share_in_words(answer[best_label])}")
