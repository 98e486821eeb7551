"""The demo's translator: French numbers, dates and names into English."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from elman.console.terminal import share_in_words
from elman.tasks.demo_part import DemoPart, print_aligned, write_table

if TYPE_CHECKING:
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


def demo_parts(folder: Path) -> Iterator[DemoPart]:
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
