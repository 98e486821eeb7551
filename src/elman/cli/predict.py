"""elman predict: what a model answers, as fast as the questions come."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from elman.cli.task_options import task_options
from elman.console.options import Encoding, Int8, Json, ModelFile
from elman.console.terminal import Throughput


@task_options("predict")
def predict(
    model: ModelFile,
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="FILE", readable=False, help="Files (.gz too), folders; - or none: stdin."
        ),
    ] = None,
    encoding: Encoding = "utf-8",
    int8: Int8 = False,
    json: Json = False,
    **options: Any,
) -> None:
    """Say what a model makes of texts, vectors or numbers.

    For classes: texts one a line, or a table, JSON lines or fastText lines, with labels or
    without; each gets one line. An empty line gets an empty one, and so does a bad row that is
    left out.

    For tags: CoNLL or CoNLL-U, with tags or without, which is written again with the model's
    tags; a blank line ends a sentence.

    For rewriting: sources one a line, or a table with a column of them; each gets one line. With
    --json, the alternatives, each word's probability, and where the network looked.

    For descriptions: .npy or .npz files of vectors; each row gets one line.

    For forecasts: from the end of what the model has learned from, or of a newer table of the same
    series; a row for each step ahead of each series, the ends of the intervals that hold 80 % and
    95 % of what comes among its columns.

    What comes through a pipe is answered as it comes.
    """
    from elman.tasks.loading import load
    from elman.tasks.options import check_options, typed_options
    from elman.tasks.predictions import PredictionRequest
    from elman.tasks.table import TASKS
    from elman.tasks.task import no_predictions

    loaded = load(model, int8=int8)
    task, typed = TASKS[loaded.task], typed_options(options)
    if task.predicts is None:
        raise no_predictions(task, model)
    check_options(task, "predict", typed)
    request = PredictionRequest(files or [], encoding, json, typed)
    with Throughput(task.predicts) as pace:
        for written, answered in task.predictions(loaded, request):
            print(written, end="", flush=True)
            pace(answered)
