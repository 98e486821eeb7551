"""elman explain: what a model saw, remembered and said."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from elman.console.options import Json, ModelFile, refuse_options
from elman.console.terminal import read_prompt, say, working
from elman.errors import EmptyTextError, SettingError

if TYPE_CHECKING:
    from elman.explain.trace import Trace
    from elman.tasks.description.model import Describer
    from elman.tasks.forecasting.model import Forecaster


def explain(
    model: ModelFile,
    text: Annotated[
        str | None,
        typer.Argument(
            help="A text; - reads it from stdin. Of vectors and numbers the file: .npy, or a table."
        ),
    ] = None,
    other: Annotated[
        str | None,
        typer.Argument(help="Another text or file, which a page shows beside the first."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            readable=False,
            help="Write it too: as .html, a page to look at, or .json, the trace.",
        ),
    ] = None,
    row: Annotated[
        int | None, typer.Option(help="Vectors: which row of the file, from 1; else the first.")
    ] = None,
    series: Annotated[
        str | None,
        typer.Option(metavar="COLUMN", help="Forecasts: which series; else the first."),
    ] = None,
    json: Json = False,
) -> None:
    """Show what a model saw, remembered, and rests its answers on.

    Each line is a token with what was said after it, and the tokens without which that would
    have been less likely (+, in nats) or likelier (-).
    """
    from elman.tasks.loading import load

    write = None if output is None else _writer(output, one=other is None)
    loaded = load(model)
    used, ask = _TRACES.get(loaded.task, ((), _of_text))
    typed = {"row": row, "series": series}
    refuse_options(loaded.task, **{name: typed[name] for name in typed if name not in used})
    with working("explaining"):
        settings = {name: typed[name] for name in used}
        traces = [
            ask(loaded, each, **settings) for each in (text, other)[: 1 + (other is not None)]
        ]
    if output is not None and write is not None:
        write(traces, output)
    for trace in traces:
        if json:
            print(trace.to_json(), flush=True)
        else:
            from elman.console.traces import show

            show(trace)
    if output is not None:
        say(f"The trace is in {output}.")


def _of_text(model: Any, text: str | None) -> Trace:
    if text is None:
        raise EmptyTextError("there is none", location="TEXT", hint="Quote one, or - for stdin.")
    given = read_prompt(text, None)
    trace: Trace = model.explain(given.rstrip("\r\n") if text == "-" else given)
    return trace


def _of_vector(model: Describer, file: str | None, *, row: int | None) -> Trace:
    from elman.ranges import whole
    from elman.text.vectors import VectorSource

    if file is None or file == "-":
        cause = "there is none" if file is None else "vectors do not come through a pipe"
        raise SettingError(cause, location="FILE", hint="Name a .npy or .npz file.")
    vectors = VectorSource(Path(file), None, width=model.n_features_in_).vectors()
    number = 1 if row is None else row
    whole("row", number, 1, len(vectors))
    return model.explain(vectors[number - 1])


def _of_series(model: Forecaster, file: str | None, *, series: str | None) -> Trace:
    from elman.text.files import TextSource
    from elman.text.series import SeriesSource

    history = None if file is None else SeriesSource(TextSource([Path(file)])).read()
    return model.explain(history, series=series)


_TRACES: dict[str, tuple[tuple[str, ...], Callable[..., Trace]]] = {
    "describe": (("row",), _of_vector),
    "forecast": (("series",), _of_series),
}
"""By task: the options that it has a use for, and what explains; a text is all that others need."""


def _write_json(traces: Sequence[Trace], path: Path) -> None:
    from elman.bundle import write_whole

    write_whole(path, f"{traces[0].to_json()}\n".encode())


def _write_page(traces: Sequence[Trace], path: Path) -> None:
    from elman.bundle import write_whole
    from elman.web import explanation_page

    write_whole(path, explanation_page(traces, _TITLES[traces[0].task]).encode())


_TITLES = {
    "language": "What comes next",
    "classify": "How a text is classified",
    "tag": "How words are tagged",
    "translate": "How a text is translated",
    "describe": "How a vector is described",
    "forecast": "How values are forecast",
}
"""The heading of a page, by task."""

_WRITERS: dict[str, Callable[[Sequence[Trace], Path], None]] = {
    ".html": _write_page,
    ".json": _write_json,
}
"""By the ending of the file."""


def _writer(path: Path, *, one: bool) -> Callable[[Sequence[Trace], Path], None]:
    """What writes such a file, once it is sure that there can be one.

    Raises:
        SettingError: of another ending, or for one that holds a single trace where there are two;
            OutputError: where it cannot be written.
    """
    from elman.bundle import check_writable

    ending = path.suffix.lower()
    if ending not in _WRITERS:
        cause = f"a trace is written as {' or '.join(_WRITERS)}, not as {path.suffix or 'this'}"
    elif ending == ".json" and not one:
        cause = "a .json file holds one trace, and two are asked for"
    else:
        check_writable(path)
        return _WRITERS[ending]
    raise SettingError(
        cause, location=path, hint=f"Name another file: -o {path.with_suffix('.html')}"
    )
