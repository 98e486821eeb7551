"""elman demo: all tasks on data that needs no download."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from elman.cli.run_training import INTERRUPTED, run_training
from elman.console.terminal import say, size_in_words
from elman.tasks.table import TASKS

if TYPE_CHECKING:
    from elman.tasks.demo_part import DemoPart


def demo(
    minutes: Annotated[
        float,
        typer.Option(
            help="Training time in minutes of each of the first two models; half for others."
        ),
    ] = 1.0,
    output: Annotated[
        Path,
        typer.Option(
            "-o", "--output", metavar="FOLDER", readable=False, help="Folder to write to."
        ),
    ] = Path("demo"),
) -> None:
    """Train seven models on data that needs no download, and try them.

    One predicts words, one characters; one classifies surnames by language; one tags Python
    source; one translates French dates to English; one describes handwritten digits; one forecasts
    sunspots.
    """
    from elman.bundle import make_folder
    from elman.tasks.commands import commands_to_train
    from elman.tasks.data_files import DataFiles
    from elman.tasks.language_modeling.model import LanguageModel

    LanguageModel(minutes=minutes).check_settings()  # fail before anything is written
    make_folder(output)
    for part in parts_at_hand(output):
        length = f"{minutes * part.fraction:g}"
        print(f"\n== {length} minute{'' if length == '1' else 's'}: {part.title}\n", flush=True)
        settings = part.settings | {"minutes": minutes * part.fraction}
        job = commands_to_train(TASKS[part.task], DataFiles.named(part.files), settings)
        path = output / part.name
        done = run_training(job, path)
        job.task.report_format.print(done.report)
        print(f"{path}: {size_in_words(path.stat().st_size)}\n")
        part.show(job.model)
        if done.interrupted:
            raise typer.Exit(INTERRUPTED)
    _what_next(output)


def parts_at_hand(folder: Path) -> Iterator[DemoPart]:
    """Write the data of each part to a folder, and yield the part.

    A part whose data is in a package that is not installed is skipped with a warning.
    """
    from elman.errors import InputError

    for task in TASKS.values():
        try:
            yield from task.demo_parts(folder)
        except InputError as error:
            say(error.in_shell)


def _what_next(folder: Path) -> None:
    print(
        f"""
== Next: your own data

  elman peek mine.txt
  elman train mine.txt -o mine.safetensors --minutes 3
  elman generate mine.safetensors "Once upon a time" --temperature 0.8
  elman train mine.txt -o words.safetensors --tokenizer word
  elman suggest words.safetensors "see you t"
  elman train reviews.csv -o reviews.safetensors
  elman test {folder / "surnames.safetensors"} {folder / "surnames-test.tsv"}
  echo "Müller" | elman predict {folder / "surnames.safetensors"} - --json
  elman predict {folder / "tokens.safetensors"} {folder / "python-test.conll"} | head
  echo "14 juillet 2027" | elman predict {folder / "french-english.safetensors"} -
  elman predict {folder / "digits.safetensors"} {folder / "digits-test.npy"} | head
  elman predict {folder / "sunspots.safetensors"} --plot forecast.svg

(If `elman` is not found: `source .venv/bin/activate`.)"""
    )
