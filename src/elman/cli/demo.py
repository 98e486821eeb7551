"""elman demo: the main jobs on data that is at hand, nothing to download."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from elman.cli.terminal import say, share_in_words, size_in_words
from elman.cli.watching import INTERRUPTED, carry_out

if TYPE_CHECKING:
    from elman.models import Classifier, LanguageModel, Tagger

HALF_TYPED = (
    "If the file does not ex",
    "Return a new ",
    "Raise an excep",
    "the first arg",
    "This function is used to ",
)
SURNAMES = ("Nakagawa-Smith", "Lindqvist", "Kowalczyk", "O'Sullivan", "Ferrari")
A_SURNAME = "Schmidtova"
CODE = "def area ( circle ) : return math . pi * circle . radius ** 2 # of a circle"


class Part(NamedTuple):
    """One of the demo's models.

    Attributes:
        title: with the minutes before it.
        task: its name; file: what it is trained on; name: of the model's file.
        share: of the minutes.
        settings: of the model.
        tell: shows what it can do.
    """

    title: str
    task: str
    file: Path
    name: str
    share: float
    settings: dict[str, Any]
    tell: Callable[[Any], None]


def demo(
    minutes: Annotated[
        float, typer.Option(help="Of training, for each of the first two; half of it for others.")
    ] = 1.0,
    output: Annotated[
        Path,
        typer.Option("-o", "--output", metavar="FOLDER", readable=False, help="Keep them here."),
    ] = Path("demo"),
) -> None:
    """Train four models on data that is at hand, and try them.

    One foretells words, one characters; one tells a surname's language, one tags Python's own
    source. Nothing is downloaded.
    """
    from elman.bundle import make_folder
    from elman.cli.jobs import Files, job_for
    from elman.models import LanguageModel
    from elman.models.language_settings import LanguageSettings

    LanguageSettings(**LanguageModel(minutes=minutes).get_params())  # refuses, before anything
    make_folder(output)
    for part in _parts(output):
        length = f"{minutes * part.share:g}"
        print(f"\n== {length} minute{'' if length == '1' else 's'}: {part.title}\n", flush=True)
        settings = part.settings | {"minutes": minutes * part.share}
        job = job_for(part.task, Files.named([part.file]), settings)
        path = output / part.name
        report, interrupted = carry_out(job, path)
        job.tell(report)
        print(f"{path}: {size_in_words(path.stat().st_size)}\n")
        part.tell(job.model)
        if interrupted:
            raise typer.Exit(INTERRUPTED)
    _what_next(output)


def _parts(folder: Path) -> Iterable[Part]:
    """The parts, each with its data written where a user would have it."""
    from elman.errors import ElmanError
    from elman.examples import documents_of_python, sentences_of_python, surnames

    prose = folder / "python.txt"
    prose.write_text("\n".join(text for _, text in documents_of_python()), encoding="utf-8")
    say(
        f"The text: Python's language reference and the docstrings of its standard library, "
        f"{size_in_words(prose.stat().st_size)}. Everything runs on this machine."
    )
    for unit, tell in (("word", _suggestions), ("character", _sample)):
        name = f"python-{unit}s.safetensors"
        yield Part(f"the next {unit}", "language", prose, name, 1.0, {"unit": unit}, tell)

    code = folder / "python.conll"
    sentences = sentences_of_python()
    for part, path in ((sentences.train, code), (sentences.test, folder / "python-test.conll")):
        rows = ("\n".join(map("\t".join, zip(*each, strict=True))) for each in part)
        path.write_text("\n\n".join(rows) + "\n", encoding="utf-8")
    title = "Python's own source, each token tagged with what tokenize and ast say"
    yield Part(title, "tag", code, "tokens.safetensors", 0.5, {}, _tags)

    names = folder / "surnames.tsv"
    try:
        split = surnames()
    except ElmanError as error:  # the lists are in an extra
        say(str(error))
        return
    for pairs, path in ((split.train, names), (split.test, folder / "surnames-test.tsv")):
        lines = ["surname\tlanguage", *map("\t".join, pairs)]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    title = "the language of a surname"
    settings = {"unit": "character", "width": 128}
    yield Part(title, "classify", names, "surnames.safetensors", 0.5, settings, _languages)


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


def _tags(model: Tagger) -> None:
    print("A line that it has not seen:\n")
    words = CODE.split()
    _print_in_columns(words, model.predict([words])[0])


def _print_in_columns(above: Sequence[str], below: Sequence[str], width: int = 80) -> None:
    """Words over their tags, in as many lines as it takes."""
    lines: list[list[str]] = [["  ", "  "]]
    for pair in zip(above, below, strict=True):
        cell = 2 + max(map(len, pair))
        if len(lines[-1][0]) + cell > width:
            lines.append(["  ", "  "])
        lines[-1] = [line + word.ljust(cell) for line, word in zip(lines[-1], pair, strict=True)]
    print("\n\n".join("\n".join(line.rstrip() for line in pair) for pair in lines))


def _languages(model: Classifier) -> None:
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


def _what_next(folder: Path) -> None:
    print(
        f"""
== Now with data of your own

  elman peek mine.txt
  elman train mine.txt -o mine.safetensors --minutes 3
  elman generate mine.safetensors "Once upon a time" --temperature 0.8
  elman train mine.txt -o words.safetensors --unit word
  elman suggest words.safetensors "see you t"
  elman train reviews.csv -o reviews.safetensors
  elman test {folder / "surnames.safetensors"} {folder / "surnames-test.tsv"}
  echo "Müller" | elman predict {folder / "surnames.safetensors"} - --json
  elman predict {folder / "tokens.safetensors"} {folder / "python-test.conll"} | head

(In this folder the command is .venv/bin/elman; `source .venv/bin/activate` makes it elman.)"""
    )
