"""elman test: a model's scores on data it has not seen, with an honest baseline beside them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from elman.console.options import (
    Encoding,
    Impute,
    Int8,
    Json,
    LabelColumn,
    ModelFile,
    OutOfScope,
    SeriesColumns,
    SkipBadRows,
    SourceColumn,
    TagColumn,
    TargetColumn,
    TextColumn,
    TextFiles,
)
from elman.console.report import int8_as_json, print_int8
from elman.console.terminal import ReadingProgress, print_json, working

if TYPE_CHECKING:
    from elman.metrics.report import Evaluation


TrainingText = Annotated[
    list[Path] | None,
    typer.Option(
        "--train",
        metavar="TEXT",
        readable=False,
        help="The training data, if the cache has lost it; may be given again.",
    ),
]


def test(
    model: ModelFile,
    text: TextFiles,
    train: TrainingText = None,
    text_column: TextColumn = None,
    label_column: LabelColumn = None,
    source_column: SourceColumn = None,
    target_column: TargetColumn = None,
    column: TagColumn = None,
    skip_bad_rows: SkipBadRows = False,
    out_of_scope: OutOfScope = None,
    series: SeriesColumns = None,
    impute: Impute = None,
    shuffle_words: Annotated[
        bool, typer.Option("--shuffle-words", help="Also say what the words' order was worth.")
    ] = False,
    encoding: Encoding = "utf-8",
    int8: Int8 = False,
    json: Json = False,
) -> None:
    """Score a model on data it has not seen, beside a baseline.

    The baseline learns from the data that the model was trained on. With --int8, the scores are
    those with weights of 8 bits, and the chief one is also told without.
    """
    from elman.tasks.job import DataFiles
    from elman.tasks.jobs import commands_of
    from elman.tasks.loading import load

    loaded = load(model, int8=int8)
    files = DataFiles.named(
        text,
        encoding=encoding,
        text_column=text_column,
        label_column=label_column,
        source_column=source_column,
        target_column=target_column,
        column=column,
        skip_bad_rows=skip_bad_rows,
        out_of_scope=out_of_scope,
        series=series,
        impute=impute,
        shuffle_words=shuffle_words,
    )
    job = commands_of(loaded, files)
    with ReadingProgress() as reading:
        data = job.read(files.open(train) if train else None, reading)
    float32: Evaluation | None = None
    with working(job.scoring):
        report = job.evaluated(data, job.baseline())
        if int8 and not (original := load(model)).int8_:
            float32 = commands_of(original, files).evaluated(data, None)
    if json:
        print_json({**report.to_json(), **int8_as_json(report, float32)})
    else:
        job.tell(report)
        print_int8(report, float32)
