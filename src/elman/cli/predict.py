"""elman predict: the class of each text, or the tag of each word, as fast as they come."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from elman.cli.options import (
    Encoding,
    Fill,
    Json,
    ModelFile,
    SeriesColumns,
    SkipBadRows,
    TagColumn,
    TextColumn,
    refuse_options,
)
from elman.cli.terminal import Pace, counted, say, stdin_bytes
from elman.errors import SettingError, TaskError
from elman.ranges import whole

if TYPE_CHECKING:
    from elman.models import Classifier
    from elman.text.arriving import ByteStream

FITTED = "fitted"


def predict(
    model: ModelFile,
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="FILE", readable=False, help="Files (.gz too), folders; - or none: stdin."
        ),
    ] = None,
    reject_below: Annotated[
        str | None,
        typer.Option(
            metavar="P", help="Classes: answer 'none of these' below this probability, or 'fitted'."
        ),
    ] = None,
    count: Annotated[
        int | None, typer.Option(help="With --json: so many of the likeliest answers.")
    ] = None,
    horizon: Annotated[
        int | None, typer.Option(help="Forecasts: so many steps ahead, if not all.")
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option(metavar="FILE", readable=False, help="Forecasts: a picture too, SVG or PNG."),
    ] = None,
    series: SeriesColumns = None,
    fill: Fill = None,
    text_column: TextColumn = None,
    column: TagColumn = None,
    skip_bad_rows: SkipBadRows = False,
    encoding: Encoding = "utf-8",
    json: Json = False,
) -> None:
    """Name the class of each text, or the tag of each word; or say which numbers come next.

    For classes: texts one a line, or a table, JSON lines or fastText lines, with labels or
    without; each gets one line. An empty line gets an empty one, and so does a bad row that is
    left out.

    For tags: CoNLL or CoNLL-U, with tags or without, which is written again with the model's
    tags; a blank line ends a sentence.

    For forecasts: from the end of what the model has learned from, or of a newer table of the same
    series; a row for each step ahead of each series, the ends of the intervals that hold 80 % and
    95 % of what comes among its columns.

    What comes through a pipe is answered as it comes.
    """
    from elman.cli.answers import ClassAnswers, TagAnswers
    from elman.cli.forecasts import answer
    from elman.cli.jobs import Files
    from elman.models import Classifier, Forecaster, Tagger, load
    from elman.text.arriving import arriving_documents

    loaded = load(model)
    if isinstance(loaded, Forecaster):
        refuse_options(
            loaded.task,
            column=column,
            text_column=text_column,
            reject_below=reject_below,
            count=count,
            skip_bad_rows=skip_bad_rows,
        )
        history = Files.named(files or [], None, encoding, series=series, fill=fill)
        answer(loaded, history if files else None, horizon, plot, json=json)
        return
    refuse_options(loaded.task, horizon=horizon, plot=plot, series=series, fill=fill)
    answering: ClassAnswers | TagAnswers
    if isinstance(loaded, Classifier):
        refuse_options(loaded.task, column=column)
        answering = ClassAnswers(
            loaded,
            reject_below=_threshold(reject_below, loaded),
            json=json,
            count=_checked(count, json),
            text_column=text_column,
            skip_bad_rows=skip_bad_rows,
        )
    elif isinstance(loaded, Tagger):
        refuse_options(loaded.task, text_column=text_column, reject_below=reject_below)
        answering = TagAnswers(
            loaded,
            json=json,
            count=_checked(count, json),
            column=column,
            skip_bad_rows=skip_bad_rows,
        )
    else:
        raise TaskError(
            f"it is a model for the task {loaded.task!r}, which names neither texts nor words",
            place=model,
            advice=f"Let it write: elman generate {model}",
        )
    documents = arriving_documents(files or [Path("-")], _stdin, encoding=encoding)
    with Pace("texts" if isinstance(loaded, Classifier) else "sentences") as pace:
        for written, answered in answering.answers(documents):
            print(written, end="", flush=True)
            pace(answered)
    if answering.skipped:
        say(f"{counted(answering.skipped, 'bad row', 'bad rows')} left out.")


def _threshold(reject_below: str | None, model: Classifier) -> float | None:
    """The probability that was typed, or the one that was fitted to held-out texts.

    Raises:
        SettingError: where it is neither.
    """
    if reject_below is None:
        return None
    if reject_below == FITTED:
        return model.calibration_.rejection
    try:
        share = float(reject_below)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise SettingError(
            f"{reject_below!r} is out of range",
            place="reject-below",
            advice=f"It is a probability, from 0 to 1, or {FITTED!r}.",
        )
    return share


def _checked(count: int | None, json: bool) -> int | None:
    """How many answers to give.

    Raises:
        SettingError: out of range, or without --json, whose it is.
    """
    if count is not None:
        whole("count", count, 1, 1000)
        if not json:
            raise SettingError("only --json lists several", place="count", advice="Add --json.")
    return count


def _stdin() -> ByteStream:
    """Its bytes as they come: without Python's buffer, which nothing may wait for at the end."""
    stream = stdin_bytes()
    if sys.stdin.isatty():
        say("Reading what you type; Ctrl-D ends it.")
    return getattr(stream, "raw", stream)
