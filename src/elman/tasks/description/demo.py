"""The demo's describer: handwritten digits into words."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from elman.console.terminal import share_in_words
from elman.tasks.demo_part import DemoPart, write_table

if TYPE_CHECKING:
    from elman.tasks.description.model import Describer


SHADES = " .:-=+*#%@"
INK = 16  # of the darkest pixel
SIDE = 8  # of an image
DRAWN = 4  # images side by side


def demo_parts(folder: Path) -> Iterator[DemoPart]:
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
