"""elman test: the scores of a model and of its baseline on unseen data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from elman.cli.task_options import task_options
from elman.console.options import Encoding, Int8, Json, ModelFile, TextFiles
from elman.console.report import int8_as_json, print_int8
from elman.console.terminal import ReadingProgress, print_json, say, working

if TYPE_CHECKING:
    from elman.metrics.report import Evaluation


TrainingText = Annotated[
    list[Path] | None,
    typer.Option(
        "--train",
        metavar="TEXT",
        readable=False,
        help="Training data for the baseline, if it is no longer cached; repeatable.",
    ),
]


@task_options("test")
def test(
    model: ModelFile,
    text: TextFiles,
    train: TrainingText = None,
    encoding: Encoding = "utf-8",
    int8: Int8 = False,
    json: Json = False,
    **options: Any,
) -> None:
    """Score a model and its baseline on unseen data.

    The baseline is fitted on the training data of the model. --int8 scores the model with int8
    weights and compares the primary metric with float32.
    """
    from elman.tasks.data_files import DataFiles
    from elman.tasks.loading import load
    from elman.tasks.options import check_options
    from elman.tasks.table import TASKS

    loaded = load(model, int8=int8)
    files = DataFiles.named(text, encoding=encoding, **options)
    task = TASKS[loaded.task]
    check_options(task, "test", files.options)
    job = task.commands(loaded, files)
    with ReadingProgress() as reading:
        data = job.read(files.open(train) if train else None, reading)
    float32: Evaluation | None = None
    with working(job.words.scoring):
        report = job.evaluated(data, job.baseline())
        if int8 and not (original := load(model)).int8_:
            float32 = task.commands(original, files).evaluated(data, None)
    for note in files.notes:
        say(f"{note}.")
    if json:
        print_json({**report.to_json(), **int8_as_json(report, float32, job.task.report_format)})
    else:
        job.task.report_format.print(report)
        print_int8(report, float32, job.task.report_format)
