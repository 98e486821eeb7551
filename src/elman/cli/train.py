"""elman train: from a text file to a model file."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from elman.cli.options import Encoding, Json, TextFiles
from elman.cli.report import print_report
from elman.cli.terminal import (
    FirstInterrupt,
    Reading,
    counted,
    error_console,
    finite,
    is_terminal,
    print_json,
    say,
    size_in_words,
    working,
)
from elman.errors import InputError, ResumeError, SettingError

if TYPE_CHECKING:
    from elman.models import LanguageModel
    from elman.scoring.report import Evaluation
    from elman.text import Cache, TextSource
    from elman.training import Event

INTERRUPTED = 130  # the status of an interrupted training, as the shell has it
REPORTED = 100_000  # symbols of the held-out text that the report at the end reads, at most


def train(
    text: TextFiles,
    output: Annotated[
        Path,
        typer.Option("-o", "--output", metavar="MODEL", readable=False, help="Write it here."),
    ],
    valid: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="TEXT",
            readable=False,
            help="Held-out text; by default the last tenth. May be given again.",
        ),
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

    Ctrl-C ends the training early and still writes the model; the status is then 130.
    """
    from elman.bundle import check_writable
    from elman.models import MODELS, LanguageModel
    from elman.text import TextSource

    if task is not None and task not in MODELS:
        raise SettingError(
            f"{task!r} is not known", place="task", advice=f"It is {' or '.join(MODELS)}."
        )
    check_writable(output)
    checkpoint = output.with_name(f"{output.name}.checkpoint")
    check_writable(checkpoint)
    _check_resume(checkpoint, output, resume)
    model = LanguageModel(
        unit=unit,
        cell=cell,
        width=width,
        layers=layers,
        parts=() if parts == "none" else tuple(part.strip() for part in parts.split(",")),
        dropout=dropout,
        learning_rate=learning_rate,
        minutes=minutes,
        steps=steps,
        seed=seed,
    )
    source = TextSource(text, encoding=encoding)
    held_out = TextSource(valid, encoding=encoding) if valid else None
    remark = "" if task else f"Task: language, the next {unit} of a text (--task says otherwise)."
    report, interrupted = train_and_score(model, source, output, held_out, checkpoint, remark)
    if json:
        print_json({"model": str(output), **report.to_json(), "training": model.record_})
    else:
        print_report(report, model.unit_)
        print(f"{output}: {size_in_words(output.stat().st_size)}. Next: {_next(output, unit)}")
    if interrupted:
        raise typer.Exit(INTERRUPTED)


def _next(output: Path, unit: str) -> str:
    name = shlex.quote(str(output))
    return f'elman {"suggest" if unit == "word" else "generate"} {name} "The "'


def train_and_score(
    model: LanguageModel,
    source: TextSource,
    output: Path,
    valid: TextSource | None = None,
    checkpoint: Path | None = None,
    remark: str = "",
) -> tuple[Evaluation, bool]:
    """Train a model while the user watches, write it, score it, and write its scores too.

    Args:
        remark: to be made once the text is read and found good.

    Returns:
        The report, and whether the training was interrupted.
    """
    from elman.text import Cache

    cache = Cache()
    with Reading() as reading, FirstInterrupt() as stop:
        events = model.training(
            source,
            valid=valid,
            cache=cache,
            checkpoint=checkpoint,
            progress=reading,
            stop=stop,
        )
        interrupted = _watch(events, reading, stop, remark, lambda: model.save(output))
    if interrupted and checkpoint is not None:
        say(f"Stopped early; {checkpoint} holds the run: the same command with --resume goes on.")
    report = _report_on(model, cache)
    model.save(output)
    return report, interrupted


def _watch(
    events: Iterator[Event],
    reading: Reading,
    stop: FirstInterrupt,
    remark: str,
    save: Callable[[], None],
) -> bool:
    """Show the training as it goes; whether it was interrupted.

    Args:
        remark: to be made once the text is read and found good.
        save: called when the weights are what they will be, before the scoring: whatever happens
            then, nothing is lost. Training keeps its checkpoint until it has come back.

    Raises:
        KeyboardInterrupt: where the interrupt came before the first step.
    """
    from elman.training import Finished, Progress, SteppedBack, Validated

    interrupted = False
    bar = _bar()
    line = bar.add_task("", total=1.0, loss="", valid="", speed="")
    try:
        for event in events:
            stop.arm()
            reading.stop()
            if remark:
                say(remark)
                remark = ""
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
                    if interrupted and not event.step:
                        raise KeyboardInterrupt
                    bar.stop()
                    say(
                        f"Trained {event.seconds:.0f} s, {counted(event.step, 'step', 'steps')}, "
                        f"{event.symbols:,} symbols; the best weights are those of "
                        f"step {event.best_step:,}."
                    )
                    save()
    finally:
        bar.stop()
    return interrupted


def _bar() -> Any:
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    return Progress(
        BarColumn(bar_width=16),  # the line has to fit 80 columns
        TextColumn("{task.percentage:>3.0f}%"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[loss]}  {task.fields[valid]}  {task.fields[speed]}"),
        console=error_console(),
        disable=not is_terminal(),
    )


def _report_on(model: LanguageModel, cache: Cache) -> Evaluation:
    """The model's scores on the text held out, beside its baseline's; kept in its record."""
    from elman.scoring.baseline import best_ngram
    from elman.scoring.language_evaluation import evaluate_language
    from elman.scoring.predictor import NetworkPredictor
    from elman.text import Corpus

    record, unit = model.record_, model.unit_
    learned_from = Corpus.find(record["corpus"], unit, cache)
    held_out = Corpus.find(record["valid"], unit, cache)
    if learned_from is None or held_out is None:
        raise InputError(
            "the text has left the cache during training: the model is written, without scores",
            place=cache.folder,
            advice="Score it: elman test MODEL TEXT --train TEXT",
        )
    if len(held_out) > REPORTED:
        held_out = held_out.part(0, REPORTED)
    with working("scoring, and learning the baseline"):
        ngram = best_ngram(learned_from.ids, unit)
        report = evaluate_language(NetworkPredictor(model.network_), held_out, ngram)
    record |= finite({"scores": report.scores, "baseline": report.baseline})
    return report


def _check_resume(checkpoint: Path, output: Path, resume: bool) -> None:
    if resume and not checkpoint.exists():
        say(f"There is no unfinished run in {checkpoint}: beginning anew.")
    if not resume and checkpoint.exists():
        raise ResumeError(
            f"an unfinished run of {output} is here",
            place=checkpoint,
            advice=f"Go on with --resume, or begin anew: rm {shlex.quote(str(checkpoint))}",
        )
