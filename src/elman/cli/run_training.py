"""Training while its user watches: a bar on stderr, warnings above it, Ctrl-C in order."""

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


INTERRUPTED = 130  # the status of an interrupted training, as the shell has it


class TrainingOutcome(NamedTuple):
    """What a training came to.

    Attributes:
        report: the model's scores, as it was written.
        float32: where it was written with weights of 8 bits, its scores before they were rounded;
            None also where these are not known apart.
        interrupted: whether the training was.
    """

    report: Evaluation
    float32: Evaluation | None
    interrupted: bool


def run_training(
    job: TaskCommands,
    output: Path,
    checkpoint: Path | None = None,
    remark: str = "",
    *,
    int8: bool = False,
    heard: Sequence[Callable[[Event], None]] = (),
) -> TrainingOutcome:
    """Train a model while the user watches, write it, score it, and write its scores too.

    Args:
        remark: to be made once the text is read and found good.
        int8: whether to write it with weights of 8 bits.
        heard: others who are told what happens, before the terminal is.
    """
    with ReadingProgress() as reading, FirstInterrupt() as stop:
        events = job.training(reading, checkpoint, stop)
        save = partial(job.model.save, output, int8=int8)
        interrupted = _watch(events, reading, stop, remark, save, heard)
    if interrupted and checkpoint is not None:
        say(f"Stopped early; {checkpoint} holds the run: the same command with --resume goes on.")
    with working("scoring, and learning the baseline"):
        float32 = _rounded(job) if int8 else None
        report = job.report()
    job.model.record_ |= finite({"scores": report.scores, "baseline": report.baseline})
    job.model.save(output)
    return TrainingOutcome(report, float32, interrupted)


def _rounded(job: TaskCommands) -> Evaluation | None:
    """Round a job's model to 8 bits.

    Returns:
        Its scores before, where there is still something to score it on.
    """
    held_out = job.held_out()
    before = None if held_out is None else job.evaluated(held_out, None)
    job.model.to_int8()
    return before


def _watch(
    events: Iterator[Event],
    reading: ReadingProgress,
    stop: FirstInterrupt,
    remark: str,
    save: Callable[[], None],
    heard: Sequence[Callable[[Event], None]],
) -> bool:
    """Show the training as it goes; whether it was interrupted.

    Args:
        remark: to be made once the text is read and found good.
        save: called when the weights are what they will be, before the scoring: whatever happens
            then, nothing is lost. Training keeps its checkpoint until it has come back.

    Raises:
        KeyboardInterrupt: where the interrupt came before the first step.
    """
    from elman.training.events import Finished, Progress, RolledBack, Validated

    interrupted = False
    bar = _bar()
    line = bar.add_task("", total=1.0, loss="", valid="", now="")
    try:
        for event in events:
            stop.arm()
            reading.stop()
            if remark:
                say(remark)
                remark = ""
            for hear in heard:
                hear(event)
            match event:
                case Progress():
                    bar.start()
                    speed = f"{event.tokens / max(event.seconds, 1e-9):,.0f} tokens/s"
                    bar.update(
                        line,
                        completed=event.done,
                        loss=f"loss {event.loss:.3f}",
                        now=event.phase or speed,  # for both the line has no room
                    )
                case Validated():
                    where = "in sample" if event.in_sample else "held out"
                    bar.update(line, valid=f"{where} {event.loss:.3f}")
                case RolledBack():
                    say(
                        f"The loss was not a number: back to step {event.step}, with steps "
                        f"{event.learning_rate_scale:g} times as large."
                    )
                case Finished():
                    interrupted = event.interrupted
                    if interrupted and not event.step:
                        raise KeyboardInterrupt
                    bar.stop()
                    say(_told(event))
                    save()
    finally:
        bar.stop()
    return interrupted


def _told(event: Finished) -> str:
    return (
        f"Trained {event.seconds:.0f} s, {counted(event.step, 'step', 'steps')}, "
        f"{event.tokens:,} tokens; the best weights are those of step {event.best_step:,}."
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
    """Whether what is in the checkpoint's place is what the user expects there.

    Raises:
        ResumeError: an unfinished run that was not asked for.
    """
    if resume and not checkpoint.exists():
        say(f"There is no unfinished run in {checkpoint}: beginning anew.")
    if not resume and checkpoint.exists():
        raise ResumeError(
            f"an unfinished run of {output} is here",
            location=checkpoint,
            hint=f"Go on with --resume, or begin anew: rm {shlex.quote(str(checkpoint))}",
        )
