"""elman demo: the main job on a text that every Python carries, nothing to download."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from elman.cli.report import print_report
from elman.cli.terminal import say, size_in_words
from elman.cli.train import INTERRUPTED, train_and_score

if TYPE_CHECKING:
    from elman.models import LanguageModel

HALF_TYPED = (
    "If the file does not ex",
    "Return a new ",
    "Raise an excep",
    "the first arg",
    "This function is used to ",
)


def demo(
    minutes: Annotated[float, typer.Option(help="Of training, for each of the two.")] = 1.0,
    output: Annotated[
        Path,
        typer.Option("-o", "--output", metavar="FOLDER", readable=False, help="Keep them here."),
    ] = Path("demo"),
) -> None:
    """Train two models on Python's own documentation, and try them.

    One foretells words, one characters. Nothing is downloaded.
    """
    from elman.bundle import make_folder
    from elman.examples import documents_of_python
    from elman.models import LanguageModel
    from elman.models.settings import LanguageSettings
    from elman.text import TextSource

    LanguageSettings(**LanguageModel(minutes=minutes).get_params())  # refuses, before anything
    make_folder(output)
    texts = [text for _, text in documents_of_python()]
    source = TextSource.from_texts(texts)
    say(
        f"The text: Python's language reference and the docstrings of its standard library, "
        f"{size_in_words(source.size)}. Everything runs on this machine."
    )
    for unit, tell in (("word", _suggestions), ("character", _sample)):
        print(f"\n== {minutes:g} minute{'' if minutes == 1 else 's'} with {unit}s\n", flush=True)
        model = LanguageModel(unit=unit, minutes=minutes)
        path = output / f"python-{unit}s.safetensors"
        report, interrupted = train_and_score(model, source, path)
        print_report(report, model.unit_)
        print(f"{path}: {size_in_words(path.stat().st_size)}\n")
        tell(model)
        if interrupted:
            raise typer.Exit(INTERRUPTED)
    _what_next(output)


def _suggestions(model: LanguageModel) -> None:
    print("Three suggestions for what is being typed:")
    for typed in HALF_TYPED:
        words = "  ".join(each.word for each in model.suggest(typed))
        print(f"  {typed + '…':34}{words}")
    print("\nAnd a sample:\n")
    _print_indented("".join(model.generate("The ", length=60, temperature=0.7, seed=1)), "The ")


def _sample(model: LanguageModel) -> None:
    print("What it writes after 'This function ':\n")
    prompt = "This function "
    _print_indented("".join(model.generate(prompt, length=400, temperature=0.6, seed=1)), prompt)


def _print_indented(written: str, prompt: str) -> None:
    print(textwrap.indent(f"{prompt}{written}".strip("\n"), "  "))


def _what_next(folder: Path) -> None:
    print(
        f"""
== Now with a text of your own

  elman peek mine.txt
  elman train mine.txt -o mine.safetensors --minutes 3
  elman generate mine.safetensors "Once upon a time" --temperature 0.8
  elman train mine.txt -o words.safetensors --unit word
  elman suggest words.safetensors "see you t"
  elman suggest {folder / "python-words.safetensors"} "Return the numb"
  elman info {folder / "python-characters.safetensors"}

(In this folder the command is .venv/bin/elman; `source .venv/bin/activate` makes it elman.)"""
    )
