"""elman predict: what a model answers, as fast as the questions come."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from elman.console.options import (
    Encoding,
    Impute,
    Int8,
    Json,
    ModelFile,
    SeriesColumns,
    SkipBadRows,
    SourceColumn,
    TagColumn,
    TextColumn,
    refuse_options,
)
from elman.console.terminal import Throughput, counted, say, stdin_bytes
from elman.errors import SettingError, TaskError
from elman.ranges import whole

if TYPE_CHECKING:
    from elman.console.predictions import PredictionLines
    from elman.tasks.classification.model import Classifier
    from elman.tasks.description.model import Describer
    from elman.tasks.forecasting.model import Forecaster
    from elman.tasks.tagging.model import Tagger
    from elman.tasks.translation.model import Translator
    from elman.text.files import Document, TextSource
    from elman.text.stdin_stream import ByteStream


FITTED = "fitted"
BEAM = 5


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
    beam: Annotated[
        int | None,
        typer.Option(help="Rewriting: answers followed at once; 5. 1 is greedy, and faster."),
    ] = None,
    horizon: Annotated[
        int | None, typer.Option(help="Forecasts: so many steps ahead, if not all.")
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option(metavar="FILE", readable=False, help="Forecasts: a picture too, SVG or PNG."),
    ] = None,
    series: SeriesColumns = None,
    impute: Impute = None,
    text_column: TextColumn = None,
    source_column: SourceColumn = None,
    column: TagColumn = None,
    skip_bad_rows: SkipBadRows = False,
    encoding: Encoding = "utf-8",
    int8: Int8 = False,
    json: Json = False,
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

    loaded = load(model, int8=int8)
    typed = {
        "reject_below": reject_below,
        "count": count,
        "beam": beam,
        "horizon": horizon,
        "plot": plot,
        "series": series,
        "impute": impute,
        "text_column": text_column,
        "source_column": source_column,
        "column": column,
        "skip_bad_rows": skip_bad_rows,
    }
    if loaded.task not in _ANSWERS:
        raise TaskError(
            f"it is a model for the task {loaded.task!r}, which names neither texts nor words",
            location=model,
            hint=f"Let it write: elman generate {model}",
        )
    used, what, answer = _ANSWERS[loaded.task]
    refuse_options(loaded.task, **{name: typed[name] for name in typed if name not in used})
    options = {name: typed[name] for name in used}
    if "count" in options:
        _check_count(count, json)
    with Throughput(what) as pace:
        for written, answered in answer(loaded, _Asked(files or [], encoding, json), **options):
            print(written, end="", flush=True)
            pace(answered)


class _Asked(NamedTuple):
    """What is to be answered, and how."""

    files: list[Path]
    encoding: str
    json: bool

    def documents(self) -> Iterator[Document]:
        """The texts, those of a pipe as they come."""
        from elman.text.stdin_stream import arriving_documents

        return arriving_documents(self.files or [Path("-")], _stdin, encoding=self.encoding)

    def source(self) -> TextSource:
        """The files, as files."""
        from elman.text.files import TextSource

        return TextSource(self.files, encoding=self.encoding)


def _classes(
    model: Classifier, asked: _Asked, *, reject_below: str | None, **options: Any
) -> Iterator[PredictionLines]:
    from elman.tasks.classification.predictions import ClassWriter

    threshold = _threshold(reject_below, model)
    write_forecasts = ClassWriter(model, reject_below=threshold, json=asked.json, **options)
    yield from write_forecasts.answers(asked.documents())
    _say_skipped(write_forecasts.skipped)


def _tags(model: Tagger, asked: _Asked, **options: Any) -> Iterator[PredictionLines]:
    from elman.tasks.tagging.predictions import TagWriter

    write_forecasts = TagWriter(model, json=asked.json, **options)
    yield from write_forecasts.answers(asked.documents())
    _say_skipped(write_forecasts.skipped)


def _translations(
    model: Translator, asked: _Asked, *, beam: int | None, **options: Any
) -> Iterator[PredictionLines]:
    from elman.tasks.translation.predictions import TranslationWriter

    write_forecasts = TranslationWriter(model, json=asked.json, beam=_checked_beam(beam), **options)
    yield from write_forecasts.answers(asked.documents())
    _say_skipped(write_forecasts.skipped)


def _descriptions(
    model: Describer, asked: _Asked, *, beam: int | None, count: int | None
) -> Iterator[PredictionLines]:
    from elman.tasks.description.predictions import write_descriptions
    from elman.text.vectors import VectorSource

    if not asked.files or Path("-") in asked.files:
        raise SettingError(
            "vectors do not come through a pipe", location="FILE", hint="Name a .npy or .npz file."
        )
    width = model.n_features_in_
    sources = [VectorSource.of_files(each, width=width) for each in asked.source().split_by_file()]
    return write_descriptions(
        model, sources, json=asked.json, count=count, beam=_checked_beam(beam)
    )


def _forecasts(
    model: Forecaster,
    asked: _Asked,
    *,
    horizon: int | None,
    plot: Path | None,
    series: list[str] | None,
    impute: Any,  # checked where it is used
) -> Iterator[PredictionLines]:
    from elman.tasks.forecasting.predictions import write_forecasts
    from elman.text.series import SeriesSource

    history = None
    if asked.files:
        history = SeriesSource(asked.source(), columns=series, impute=impute)
    return write_forecasts(model, history, horizon, plot, json=asked.json)


_ANSWERS: dict[str, tuple[tuple[str, ...], str, Callable[..., Iterator[PredictionLines]]]] = {
    "classify": (("reject_below", "count", "text_column", "skip_bad_rows"), "texts", _classes),
    "tag": (("count", "column", "skip_bad_rows"), "sentences", _tags),
    "translate": (("count", "beam", "source_column", "skip_bad_rows"), "texts", _translations),
    "describe": (("count", "beam"), "vectors", _descriptions),
    "forecast": (("horizon", "plot", "series", "impute"), "series", _forecasts),
}
"""By task: the options that it has a use for, what is counted, and what answers."""


def _say_skipped(count: int) -> None:
    if count:
        say(f"{counted(count, 'bad row', 'bad rows')} left out.")


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
            location="reject-below",
            hint=f"It is a probability, from 0 to 1, or {FITTED!r}.",
        )
    return share


def _check_count(count: int | None, json: bool) -> None:
    """How many answers to give.

    Raises:
        SettingError: out of range, or without --json, whose it is.
    """
    if count is not None:
        whole("count", count, 1, 1000)
        if not json:
            raise SettingError("only --json lists several", location="count", hint="Add --json.")


def _checked_beam(beam: int | None) -> int:
    """How many answers to follow at once.

    Raises:
        SettingError: out of range.
    """
    if beam is None:
        return BEAM
    whole("beam", beam, 1, 100)
    return beam


def _stdin() -> ByteStream:
    """Its bytes as they come: without Python's buffer, which nothing may wait for at the end."""
    stream = stdin_bytes()
    if sys.stdin.isatty():
        say("Reading what you type; Ctrl-D ends it.")
    return getattr(stream, "raw", stream)
