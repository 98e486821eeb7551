"""elman train: from a text file to a model file."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from elman.cli.options import Encoding, Json, TextFiles
from elman.cli.report import print_report
from elman.cli.terminal import (
    FirstInterrupt,
    Reading,
    error_console,
    print_json,
    say,
    size_in_words,
    working,
)
from elman.errors import InputError, ResumeError, SettingError

if TYPE_CHECKING:
    from elman.models import LanguageModel
    from elman.scoring.evaluation import Evaluation
    from elman.text import Cache
    from elman.training import Event

REPORTED = 100_000  # symbols of the held-out text that the report at the end reads, at most


def train(
    text: TextFiles,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="MODEL", help="Write it here.")],
    valid: Annotated[
        list[Path] | None,
        typer.Option(metavar="TEXT", help="Held-out text; by default the last tenth."),
    ] = None,
    task: Annotated[
        str | None, typer.Option(help="language; by default what the file looks like.")
    ] = None,
    unit: Annotated[
        str, typer.Option(help="What one symbol is: character, word or subword.")
    ] = "character",
    minutes: Annotated[float, typer.Option(help="Wall-clock of the training.")] = 3.0,
    steps: Annotated[
        int | None, typer.Option(help="Train this many steps instead, the same every time.")
    ] = None,
    cell: Annotated[
        str,
        typer.Option(help="mingru, lstm, gru, elman, elman-relu, clockwork or plain."),
    ] = "mingru",
    width: Annotated[int | None, typer.Option(help="Of the network; by default by unit.")] = None,
    layers: Annotated[int, typer.Option(help="Blocks, one above the other.")] = 2,
    parts: Annotated[
        str,
        typer.Option(help="Of each block: norm,convolution,gate,residual,mlp, or none."),
    ] = "norm,convolution,gate,residual,mlp",
    dropout: Annotated[float | None, typer.Option(help="By default by unit.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="By default by unit.")] = None,
    seed: Annotated[int, typer.Option(help="Of everything random.")] = 0,
    encoding: Encoding = "utf-8",
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the unfinished run of this command.")
    ] = False,
    json: Json = False,
) -> None:
    """Train a network on a text, and write it to one file.

    Ctrl-C ends the training early and still writes the model.
    """
    from elman.bundle import check_writable
    from elman.models import MODELS, LanguageModel
    from elman.text import Cache, TextSource

    if task is not None and task not in MODELS:
        raise SettingError(
            f"{task!r} is not known", place="task", advice=f"It is {' or '.join(MODELS)}."
        )
    check_writable(output)
    checkpoint = output.with_name(f"{output.name}.checkpoint")
    _check_resume(checkpoint, output, resume)
    model = LanguageModel(
        unit=unit,
        cell=cell,
        width=width,
        layers=layers,
        parts=tuple(part for part in parts.split(",") if part and parts != "none"),
        dropout=dropout,
        learning_rate=learning_rate,
        minutes=minutes,
        steps=steps,
        seed=seed,
    )
    source = TextSource(text, encoding=encoding)
    held_out = TextSource(valid, encoding=encoding) if valid else None
    if task is None:
        say(f"Task: language, the next {unit} of a text (--task says otherwise).")
    cache = Cache()
    with Reading() as reading, FirstInterrupt() as stop:
        events = model.training(
            source,
            valid=held_out,
            cache=cache,
            checkpoint=checkpoint,
            progress=reading,
            stop=stop,
        )
        interrupted = watch(events, reading, stop)
    report = report_on(model, cache)
    model.save(output)
    if interrupted:
        say(f"Stopped early; {checkpoint} holds the run: the same command with --resume goes on.")
    if json:
        print_json({"model": str(output), **report.to_json(), "training": model.record_})
        return
    print_report(report, model.unit_)
    print(f"{output}: {size_in_words(output.stat().st_size)}. Next: elman generate {output}")


def watch(events: Iterator[Event], reading: Reading, stop: FirstInterrupt) -> bool:
    """Show the training as it goes; whether it was interrupted."""
    from elman.training import Finished, Progress, SteppedBack, Validated

    interrupted = False
    with _bar() as bar:
        line = bar.add_task("training", total=1.0, loss="", valid="", speed="")
        for event in events:
            stop.arm()
            reading.stop()
            match event:
                case Progress():
                    bar.start()
                    bar.update(
                        line,
                        completed=event.done,
                        loss=f"loss {event.loss:.3f}",
                        speed=f"{event.symbols / event.seconds:,.0f} symbols/s",
                    )
                case Validated():
                    bar.update(line, valid=f"held out {event.loss:.3f}")
                case SteppedBack():
                    say(
                        f"The loss was no number: back to step {event.step}, with steps "
                        f"{event.learning_rate_scale:g} times as large."
                    )
                case Finished():
                    interrupted = event.interrupted
                    say(
                        f"Trained {event.seconds:.0f} s, {event.step:,} steps, "
                        f"{event.symbols:,} symbols; the best weights are those of "
                        f"step {event.best_step:,}."
                    )
    return interrupted


def _bar() -> Any:
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[loss]}  {task.fields[valid]}  {task.fields[speed]}"),
        console=error_console(),
        disable=not sys.stderr.isatty(),
    )


def report_on(model: LanguageModel, cache: Cache) -> Evaluation:
    """The model's scores on the text held out, beside its baseline's; kept in its record."""
    from elman.scoring.baseline import best_ngram
    from elman.scoring.evaluation import evaluate
    from elman.scoring.predictor import NetworkPredictor
    from elman.text import Corpus

    record, unit = model.record_, model.unit_
    learned_from = Corpus.find(record["corpus"], unit, cache)
    held_out = Corpus.find(record["valid"], unit, cache)
    if learned_from is None or held_out is None:
        raise InputError("the text has left the cache during training", place=cache.folder)
    if len(held_out) > REPORTED:
        held_out = held_out.part(0, REPORTED)
    with working("scoring, and learning the baseline"):
        ngram = best_ngram(learned_from.ids, unit)
        report = evaluate(NetworkPredictor(model.network_), held_out, ngram)
    record |= {"scores": report.scores, "baseline": report.baseline}
    return report


def _check_resume(checkpoint: Path, output: Path, resume: bool) -> None:
    if resume and not checkpoint.exists():
        say(f"There is no unfinished run in {checkpoint}: beginning anew.")
    if not resume and checkpoint.exists():
        raise ResumeError(
            f"an unfinished run of {output} is here",
            place=checkpoint,
            advice=f"Go on with --resume, or begin anew: rm {checkpoint}",
        )
