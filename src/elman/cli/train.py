"""elman train: train a model on data files and write it to one file."""

from __future__ import annotations

import math
import shlex
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer

from elman.cli.dashboard import live, log_end
from elman.cli.run_training import INTERRUPTED, check_resume, run_training
from elman.cli.task_options import TaskName, model_settings, task_options
from elman.console.options import Encoding, Int8, Json, TextFiles
from elman.console.report import int8_as_json, print_int8
from elman.console.terminal import print_json, say, size_in_words


@task_options("train")
def train(
    text: TextFiles,
    output: Annotated[
        Path,
        typer.Option(
            "-o", "--output", metavar="MODEL", readable=False, help="Model file to write."
        ),
    ],
    valid: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="TEXT",
            readable=False,
            help="Validation data (default: the last tenth of the data); repeatable.",
        ),
    ] = None,
    task: TaskName = None,
    minutes: Annotated[
        float | None, typer.Option(help="Training time in minutes (default 3).")
    ] = None,
    steps: Annotated[
        int | None, typer.Option(help="Training steps, instead of minutes; reproducible.")
    ] = None,
    tokenizer: Annotated[
        str | None,
        typer.Option(help="character, word, subword or auto (default: by task)."),
    ] = None,
    cell: Annotated[
        str | None,
        typer.Option(help="mingru (default), lstm, gru, elman, elman-relu, clockwork or plain."),
    ] = None,
    hidden_size: Annotated[
        int | None, typer.Option(help="Hidden size (default: by tokenizer).")
    ] = None,
    layers: Annotated[int | None, typer.Option(help="Number of blocks (default 1).")] = None,
    components: Annotated[
        str | None,
        typer.Option(help="Components of a block: norm,convolution,gate,residual,mlp, or none."),
    ] = None,
    dropout: Annotated[
        float | None, typer.Option(help="Dropout probability (default: by tokenizer).")
    ] = None,
    learning_rate: Annotated[
        float | None, typer.Option(help="Peak learning rate (default: by tokenizer).")
    ] = None,
    size: Annotated[
        str | None,
        typer.Option(metavar="SIZE", help="Most bytes of the model file, such as 5MB or 300kB."),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Random seed (default 0).")] = None,
    encoding: Encoding = "utf-8",
    resume: Annotated[
        bool, typer.Option("--resume", help="Continue an interrupted training.")
    ] = False,
    int8: Int8 = False,
    watch: Annotated[
        bool,
        typer.Option(
            "--watch", help="Serve a page that shows the training, with its events at /events."
        ),
    ] = False,
    json: Json = False,
    **options: Any,
) -> None:
    """Train a model on data files and write it to one file.

    Data: plain text (language model); labelled texts; tagged words; pairs of texts, in two
    parallel files or one table; vectors (.npy) and a file with one line per vector; or a table of
    numbers (forecasts).

    Ctrl-C ends the training early and still writes the model; the exit status is then 130.
    """
    from elman.bundle import check_writable, remove_partials
    from elman.tasks.commands import commands_to_train
    from elman.tasks.data_files import DataFiles
    from elman.tasks.infer_task import task_of
    from elman.tasks.options import check_options
    from elman.training.checkpoint import locked_checkpoint

    check_writable(output)
    checkpoint = output.with_name(f"{output.name}.checkpoint")
    check_writable(checkpoint)
    with locked_checkpoint(checkpoint):
        check_resume(checkpoint, output, resume)
        remove_partials(output)
        settings: dict[str, Any] = {
            "tokenizer": tokenizer,
            "cell": cell,
            "hidden_size": hidden_size,
            "layers": layers,
            "components": _components(components),
            "dropout": dropout,
            "learning_rate": learning_rate,
            "minutes": minutes,
            "steps": steps,
            "size": size,
            "seed": seed,
            **model_settings("train", options),
        }
        files = DataFiles.named(text, valid, encoding, **options)
        inferred, evidence = task_of(files, task)
        check_options(inferred, "train", files.options)
        job = commands_to_train(inferred, files, settings)
        notice = "" if task else f"Task: {job.described()} ({evidence}; change it with --task)."
        with live(job, output) if watch else nullcontext() as page:
            listeners = () if page is None else (page.record,)
            outcome = run_training(job, output, checkpoint, notice, int8=int8, listeners=listeners)
            report, float32, interrupted = outcome
            for note in files.notes:
                say(f"{note}.")
            if page is not None:
                log_end(page, job, output, report, interrupted)
    if int8 and float32 is None:
        command = f"elman test {shlex.quote(str(output))} FILE"
        say(f"These scores are of the float32 weights. Score the int8 weights: {command}")
    if json:
        result = {"model": str(output), **report.to_json(), "training": job.model.record_}
        print_json({**result, **int8_as_json(report, float32, job.task.report_format)})
    else:
        job.task.report_format.print(report)
        print_int8(report, float32, job.task.report_format)
        if not interrupted and job.model.steps is None:
            say_unread(job.model.record_)
        size = size_in_words(output.stat().st_size)
        print(f"{output}: {size}. Next: {job.next_command(output)}")
    if interrupted:
        raise typer.Exit(INTERRUPTED)


def say_unread(record: dict[str, Any]) -> None:
    """Say how many minutes would do, if the training did not read all of its data once.

    Args:
        record: of the training.
    """
    pairs = record.get("source_tokens", 0) + record.get("target_tokens", 0)
    tokens, read = record.get("tokens", record.get("words", pairs)), record["tokens_read"]
    if 0 < read < tokens:
        minutes = math.ceil(record["seconds"] / 60 * tokens / read)
        say(f"It read {read / tokens:.0%} of the data. To read all of it: --minutes {minutes}")


def _components(typed: str | None) -> tuple[str, ...] | None:
    if typed is None:
        return None
    return () if typed == "none" else tuple(part.strip() for part in typed.split(","))
