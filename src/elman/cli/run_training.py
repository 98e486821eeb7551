"""Train with a progress bar and warnings on stderr; Ctrl-C ends the training early."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from elman.console.terminal import (
    FirstInterrupt,
    ReadingProgress,
    counted,
    error_console,
    finite,
    is_terminal,
    say,
    working,
)
from elman.errors import ResumeError

if TYPE_CHECKING:
    from elman.metrics.report import Evaluation
    from elman.tasks.commands import TaskCommands
    from elman.training.events import Event, Finished


INTERRUPTED = 130  # the exit status of shells after SIGINT


class TrainingOutcome(NamedTuple):
    """The result of a training.

    Attributes:
        report: scores of the model as written.
        float32: scores before quantization, for a model written as int8; None for other models,
            and where no held-out data is left to score.
        interrupted: whether Ctrl-C ended the training early.
    """

    report: Evaluation
    float32: Evaluation | None
    interrupted: bool


def run_training(
    job: TaskCommands,
    output: Path,
    checkpoint: Path | None = None,
    notice: str = "",
    *,
    int8: bool = False,
    listeners: Sequence[Callable[[Event], None]] = (),
) -> TrainingOutcome:
    """Train a model with a progress bar, write it, score it, and write it again with its scores.

    Args:
        job: the task, its model and its files.
        output: the model file to write.
        checkpoint: the file for the state of an unfinished training; None writes no checkpoint.
        notice: a line to print once the data is read and valid.
        int8: whether to quantize the weights to int8.
        listeners: called with each event, before the terminal shows it.

    Raises:
        InputError: the files cannot be used.
        KeyboardInterrupt: Ctrl-C came before the first step.
    """
    with ReadingProgress() as reading, FirstInterrupt() as stop:
        events = job.training(reading, checkpoint, stop)
        save = partial(job.model.save, output, int8=int8)
        interrupted = _show(events, reading, stop, notice, save, listeners)
    if interrupted and checkpoint is not None:
        say(f"Stopped early. To continue from {checkpoint}, add --resume to the same command.")
    with working("scoring, and fitting the baseline"):
        float32 = _quantize(job) if int8 else None
        report = job.report()
    job.model.record_ |= finite({"scores": report.scores, "baseline": report.baseline})
    job.model.save(output)
    return TrainingOutcome(report, float32, interrupted)


def _quantize(job: TaskCommands) -> Evaluation | None:
    """Quantize the model to int8.

    Returns:
        The scores before; None where no held-out data is left.
    """
    held_out = job.held_out()
    before = None if held_out is None else job.evaluated(held_out, None)
    job.model.to_int8()
    return before


def _show(
    events: Iterator[Event],
    reading: ReadingProgress,
    stop: FirstInterrupt,
    notice: str,
    save: Callable[[], None],
    listeners: Sequence[Callable[[Event], None]],
) -> bool:
    """Show a training while it runs.

    Args:
        save: writes the model. Called before scoring, so that an error there loses no weights; the
            training deletes its checkpoint only after that.

    Returns:
        Whether the training was interrupted.

    Raises:
        KeyboardInterrupt: Ctrl-C came before the first step.
    """
    from elman.training.events import Finished, Progress, RolledBack, Validated

    interrupted = False
    bar = _bar()
    line = bar.add_task("", total=1.0, loss="", valid="", now="")
    try:
        for event in events:
            stop.arm()
            reading.stop()
            if notice:
                say(notice)
                notice = ""
            for listener in listeners:
                listener(event)
            match event:
                case Progress():
                    bar.start()
                    speed = f"{event.tokens / max(event.seconds, 1e-9):,.0f} tokens/s"
                    bar.update(
                        line,
                        completed=event.done,
                        loss=f"loss {event.loss:.3f}",
                        now=event.phase or speed,  # the line has no room for both
                    )
                case Validated():
                    where = "in sample" if event.in_sample else "held out"
                    bar.update(line, valid=f"{where} {event.loss:.3f}")
                case RolledBack():
                    say(
                        f"The loss was not a number: back to step {event.step}, with "
                        f"{event.learning_rate_scale:g} times the learning rate."
                    )
                case Finished():
                    interrupted = event.interrupted
                    if interrupted and not event.step:
                        raise KeyboardInterrupt
                    bar.stop()
                    if event.step:
                        say(_summary(event))
                    save()
    finally:
        bar.stop()
    return interrupted


def _summary(event: Finished) -> str:
    return (
        f"Trained {event.seconds:.0f} s, {counted(event.step, 'step', 'steps')}, "
        f"{event.tokens:,} tokens; best weights from step {event.best_step:,}."
    )


def _bar() -> Any:
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    return Progress(
        BarColumn(bar_width=16),  # the line has to fit 80 columns
        TextColumn("{task.percentage:>3.0f}%"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[loss]}  {task.fields[valid]}  {task.fields[now]}"),
        console=error_console(),
        disable=not is_terminal(),
    )


def check_resume(checkpoint: Path, output: Path, resume: bool) -> None:
    """Check that a checkpoint exists exactly where the user resumes a training.

    Args:
        checkpoint: the file of an unfinished training.
        output: the model file.
        resume: whether --resume was typed. Without a checkpoint and a model it prints a warning.

    Raises:
        ResumeError: there is a checkpoint, and --resume was not typed; or there is none, and the
            model that a new training would replace is finished.
    """
    if resume and not checkpoint.exists():
        if output.exists():
            raise ResumeError(
                "its training is finished, so there is nothing to resume",
                location=output,
                hint="Name another file with -o, or leave out --resume to start over.",
            )
        say(f"No checkpoint {checkpoint}: starting from the beginning.")
    if not resume and checkpoint.exists():
        raise ResumeError(
            f"there is an unfinished training of {output}",
            location=checkpoint,
            hint=f"Continue it with --resume, or delete it: rm {shlex.quote(str(checkpoint))}",
        )
