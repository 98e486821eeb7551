"""elman explain: attribution, activations and memory of a model on one input."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from elman.cli.task_options import task_options
from elman.console.options import Json, ModelFile
from elman.console.terminal import say, working
from elman.errors import SettingError

if TYPE_CHECKING:
    from elman.explain.trace import Trace
    from elman.tasks.task import Task


@task_options("explain")
def explain(
    model: ModelFile,
    text: Annotated[
        str | None,
        typer.Argument(
            help="A text (- reads stdin), or the file of vectors (.npy) or numbers (a table)."
        ),
    ] = None,
    other: Annotated[
        str | None,
        typer.Argument(help="A second text or file; the page compares the two."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            readable=False,
            help="Also write the trace to FILE, as a page (.html) or as data (.json).",
        ),
    ] = None,
    json: Json = False,
    **options: Any,
) -> None:
    """Show a prediction and the tokens that it depends on.

    Each line shows a token, the prediction after it, and the tokens whose removal makes that
    prediction less likely (+, in nats) or more likely (-).
    """
    from elman.tasks.loading import load
    from elman.tasks.options import check_options, typed_options
    from elman.tasks.table import TASKS

    write = None if output is None else _writer(output, one=other is None)
    loaded = load(model)
    task, typed = TASKS[loaded.task], typed_options(options)
    check_options(task, "explain", typed)
    with working("explaining"):
        given = (text,) if other is None else (text, other)
        traces = [task.commands.explain(loaded, each, typed) for each in given]
    if output is not None and write is not None:
        write(task, traces, output)
    for trace in traces:
        if json:
            print(trace.to_json(), flush=True)
        else:
            from elman.console.traces import show

            show(trace, task.commands.trace_table())
    if output is not None:
        say(f"The trace is in {output}.")


def _write_json(_: Task, traces: Sequence[Trace], path: Path) -> None:
    from elman.bundle import write_whole

    write_whole(path, f"{traces[0].to_json()}\n".encode())


def _write_page(task: Task, traces: Sequence[Trace], path: Path) -> None:
    from elman.bundle import write_whole
    from elman.web import explanation_page

    write_whole(path, explanation_page(traces, task.commands.words.explanation_title).encode())


_WRITERS: dict[str, Callable[[Task, Sequence[Trace], Path], None]] = {
    ".html": _write_page,
    ".json": _write_json,
}
"""By the suffix of the file."""


def _writer(path: Path, *, one: bool) -> Callable[[Task, Sequence[Trace], Path], None]:
    """Choose the function that writes a trace to `path`.

    Args:
        path: the file to write.
        one: whether there is only one trace.

    Raises:
        SettingError: the suffix is unknown, or the format cannot hold two traces.
        OutputError: the file cannot be written.
    """
    from elman.bundle import check_writable

    suffix = path.suffix.lower()
    if suffix not in _WRITERS:
        cause = f"a trace is written as {' or '.join(_WRITERS)}, not as {path.suffix or 'this'}"
    elif suffix == ".json" and not one:
        cause = "a .json file holds one trace, and there are two"
    else:
        check_writable(path)
        return _WRITERS[suffix]
    raise SettingError(
        cause, location=path, hint=f"Name another file: -o {path.with_suffix('.html')}"
    )
