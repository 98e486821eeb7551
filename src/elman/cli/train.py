"""elman train: from a file of yours to a model file."""

from __future__ import annotations

import shlex
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer

from elman.cli.dashboard import live, tell_end
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
    task: TaskName = None,
    minutes: Annotated[float | None, typer.Option(help="Wall-clock of the training; 3.")] = None,
    steps: Annotated[
        int | None, typer.Option(help="Train this many steps instead, the same every time.")
    ] = None,
    tokenizer: Annotated[
        str | None,
        typer.Option(help="What one token is: character, word or subword; or auto."),
    ] = None,
    cell: Annotated[
        str | None,
        typer.Option(help="mingru (as it is), lstm, gru, elman, elman-relu, clockwork or plain."),
    ] = None,
    hidden_size: Annotated[
        int | None, typer.Option(help="Of the network; by default by tokenizer.")
    ] = None,
    layers: Annotated[int | None, typer.Option(help="Blocks, one above the other.")] = None,
    components: Annotated[
        str | None,
        typer.Option(help="Of each block: norm,convolution,gate,residual,mlp, or none."),
    ] = None,
    dropout: Annotated[float | None, typer.Option(help="By default by tokenizer.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="By default by tokenizer.")] = None,
    seed: Annotated[int | None, typer.Option(help="Of everything random; 0.")] = None,
    encoding: Encoding = "utf-8",
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the unfinished run of this command.")
    ] = False,
    int8: Int8 = False,
    watch: Annotated[
        bool,
        typer.Option(
            "--watch", help="Show the run on a page of this machine; its events: /events."
        ),
    ] = False,
    json: Json = False,
    **options: Any,
) -> None:
    """Train a network on your own text, and write it to one file.

    The text may be plain, to be continued; texts with a label each; words with a tag each; texts
    with another text each, in two parallel files or one table; vectors (.npy) and a file with a
    line for each; or a table of numbers, to be predicted.

    Ctrl-C ends the training early and still writes the model; the status is then 130.
    """
    from elman.bundle import check_writable
    from elman.tasks.commands import commands_to_train
    from elman.tasks.data_files import DataFiles
    from elman.tasks.infer_task import task_of
    from elman.tasks.options import check_options

    check_writable(output)
    checkpoint = output.with_name(f"{output.name}.checkpoint")
    check_writable(checkpoint)
    check_resume(checkpoint, output, resume)
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
        "seed": seed,
        **model_settings("train", options),
    }
    files = DataFiles.named(text, valid, encoding, **options)
    found, because = task_of(files, task)
    check_options(found, "train", files.options)
    job = commands_to_train(found, files, settings)
    remark = "" if task else f"Task: {job.described()} ({because}; --task says otherwise)."
    with live(job, output) if watch else nullcontext() as page:
        heard = () if page is None else (page.record,)
        outcome = run_training(job, output, checkpoint, remark, int8=int8, heard=heard)
        report, float32, interrupted = outcome
        if page is not None:
            tell_end(page, job, output, report, interrupted)
    if int8 and float32 is None:
        said = "The scores are those before the weights were rounded to 8 bits; after it: "
        say(f"{said}elman test {shlex.quote(str(output))} FILE")
    if json:
        told = {"model": str(output), **report.to_json(), "training": job.model.record_}
        print_json({**told, **int8_as_json(report, float32, job.primary_scores)})
    else:
        job.tell(report)
        print_int8(report, float32, job.primary_scores)
        size = size_in_words(output.stat().st_size)
        print(f"{output}: {size}. Next: {job.next_command(output)}")
    if interrupted:
        raise typer.Exit(INTERRUPTED)


def _components(typed: str | None) -> tuple[str, ...] | None:
    if typed is None:
        return None
    return () if typed == "none" else tuple(part.strip() for part in typed.split(","))
