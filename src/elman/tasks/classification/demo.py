"""The demo's classifier: a language for each surname."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from elman.console.terminal import share_in_words
from elman.tasks.demo_part import DemoPart, write_table

if TYPE_CHECKING:
    from elman.tasks.classification.model import Classifier


SURNAMES = ("Nakagawa-Smith", "Lindqvist", "Kowalczyk", "O'Sullivan", "Ferrari")
A_SURNAME = "Schmidtova"


def demo_parts(folder: Path) -> Iterator[DemoPart]:
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


def _tell_languages(model: Classifier) -> None:
    for name, spread in zip(SURNAMES, model.predict_proba(SURNAMES), strict=True):
        best = spread.argsort()[::-1][:3]
        listed = ", ".join(
            f"{model.classes_[place]} {share_in_words(spread[place])}" for place in best
        )
        print(f"  {name:16}{listed}")
    print(f"\nIts answer after every letter of {A_SURNAME}:\n")
    state = model.start()
    for letter in A_SURNAME:
        answer, state = model.step(letter, state)
        best_label = max(answer, key=lambda label: answer[label])
        print(f"  {letter}  {best_label} {share_in_words(answer[best_label])}")
