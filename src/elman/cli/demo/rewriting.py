"""The demo's writers: French put into English, handwritten digits called by their names."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from elman.cli.demo.part import DemoPart, print_aligned, write_table
from elman.console.terminal import share_in_words

if TYPE_CHECKING:
    from elman.tasks.description.model import Describer
    from elman.tasks.seq2seq.generation import GeneratedText
    from elman.tasks.translation.model import Translator


FRENCH = (
    "il y a 17 jours",
    "quatre-vingt-un",
    "47 livres égyptiennes",
    "cinquante-sept mille huit cent quatre-vingt-dix-neuf",
    "Kenya, Pérou et Japon",
)
"""None of them is ever learned from: their hashes are those of the examples' test part."""
A_DATE = "vendredi 25 décembre 2026"  # of that part too

SHADES = " .:-=+*#%@"
INK = 16  # of the darkest pixel
SIDE = 8  # of an image
DRAWN = 4  # images side by side


def translation_parts(folder: Path) -> Iterator[DemoPart]:
    """French and what it means in English.

    Raises:
        InputError: it comes out of packages that are not installed.
    """
    from elman.examples import french_english

    split = french_english()
    pairs = folder / "french-english.tsv"
    for rows, path in ((split.train, pairs), (split.test, folder / "french-english-test.tsv")):
        write_table(path, ("french", "english"), *rows)
    title = "French numbers, dates, amounts and names into English"
    name = "french-english.safetensors"
    # Small, and hardly silenced: half a minute is enough for three passes on one core.
    settings = {"hidden_size": 128, "layers": 1, "dropout": 0.05}
    yield DemoPart(title, "translate", [pairs], name, _tell_translations, settings=settings)


def description_parts(folder: Path) -> Iterator[DemoPart]:
    """Handwritten digits and their names: a row of numbers and a line of text for each."""
    import numpy as np

    from elman.examples import digits

    split = digits()
    files = [folder / "digits.npy", folder / "digits.txt"]
    for part, (images, names) in (
        (split.train, files),
        (split.test, [folder / "digits-test.npy", folder / "digits-test.txt"]),
    ):
        np.save(images, np.stack([digit.vector for digit in part]))
        write_table(names, *((digit.name,) for digit in part))
    unseen = np.stack([digit.vector for digit in split.test])
    tell = partial(_tell_digits, images=unseen)
    yield DemoPart("handwritten digits into words", "describe", files, "digits.safetensors", tell)


def _tell_translations(model: Translator) -> None:
    print("Unseen, and how sure it is of each word; it is taught to keep some doubt:")
    for source, (best,) in zip(FRENCH, model.predict_best(FRENCH, 1), strict=True):
        print(f"\n  {source}")
        print_aligned(
            [word for word, _ in best.words],
            [share_in_words(probability) for _, probability in best.words],
        )
    ((best,),) = model.predict_best([A_DATE], 1, attention=True)
    print(f"\nWhere it looked in {A_DATE!r} for each piece that it wrote:")
    print("(tenths of its attention: 9 is nearly all, . is less than one)\n")
    print_attention(best)


def print_attention(rewrite: GeneratedText) -> None:
    """What was written downwards, the source to the right."""
    source = [_visible(piece) for piece in rewrite.source or ()]
    written = [_visible(piece) for piece in rewrite.pieces]
    margin = max(map(len, written))
    print(f"  {'':{margin}}  {' '.join(source)}")
    for piece, weights in zip(written, rewrite.attention or (), strict=False):  # one may be cut
        cells = (
            _tenths(weight).center(len(head)) for weight, head in zip(weights, source, strict=True)
        )
        print(f"  {piece:{margin}}  {' '.join(cells)}".rstrip())


def _visible(piece: str) -> str:
    return piece.strip() or ("_" if piece else "(end)")


def _tenths(weight: float) -> str:
    return str(min(9, int(10 * weight))) if weight >= 0.1 else "."


def _tell_digits(model: Describer, images: Any) -> None:
    answers = [best for (best,) in model.predict_best(images, 1)]
    doubt = min(range(len(answers)), key=lambda place: answers[place].probability)
    others = [place for place in range(len(answers)) if place != doubt]
    shown = [*others[: DRAWN - 1], doubt]
    print("Digits that it has not seen; of the last one it is least sure:\n")
    for lines in zip(*(drawn(images[place]) for place in shown), strict=True):
        print(f"  {'   '.join(lines)}".rstrip())
    said = (
        f"{answers[place].text} {share_in_words(answers[place].probability)}" for place in shown
    )
    print(f"\n  {'   '.join(each.ljust(2 * SIDE) for each in said)}".rstrip())


def drawn(image: Any) -> list[str]:
    """An image in characters, two for a pixel, which makes it about square."""
    shades = (image / INK * (len(SHADES) - 1)).round().astype(int).reshape(SIDE, SIDE)
    return ["".join(2 * SHADES[shade] for shade in row) for row in shades]
