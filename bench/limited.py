"""Cases that run in processes with little memory and time: what breaks one breaks nothing else."""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType

from elman.errors import ElmanError

MEMORY = 2 * 2**30  # bytes more than the parent's
SECONDS = 20  # of the processor for a case, and three times as many by the clock
CHUNK = 50  # cases a process

Run = Callable[[str], str]
"""Runs a case, in a process of its own: what became of it, in a word or two."""


def parse_options(description: str | None, cases: int, each: str) -> argparse.Namespace:
    """The options that all of these programs have.

    Args:
        description: of the program.
        cases: how many by default.
        each: what they are of, for the help.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--cases", type=int, default=cases, help=f"for each {each}")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--only", help="the case to repeat, as it was printed")
    return parser.parse_args()


def run_all(
    cases: Sequence[str], run: Run, good: Collection[str], options: argparse.Namespace
) -> None:
    """Run cases side by side, print those that fail and the figures, and exit: 1 if any failed.

    Args:
        cases: their names.
        run: what to do with one.
        good: the outcomes that are no failure.
        options: as `parse_options` returns them.
    """
    begun = time.monotonic()
    cases = [options.only] if options.only else cases
    chunks = [cases[start : start + CHUNK] for start in range(0, len(cases), CHUNK)]
    counts: Counter[str] = Counter()
    with ThreadPoolExecutor(options.workers) as pool:
        for found in pool.map(lambda chunk: list(_outcomes(chunk, run)), chunks):
            for case, result in found:
                counts[result if result in good else "failed"] += 1
                if result not in good or options.only:
                    print(f"{case}: {result}", flush=True)
    figures = ", ".join(f"{count:,} {name}" for name, count in sorted(counts.items()))
    print(f"{counts.total():,} cases in {time.monotonic() - begun:.0f} s: {figures}")
    sys.exit(1 if counts["failed"] else 0)


def refused(error: ElmanError, outcome: str) -> str:
    """The outcome of a case that was refused: so much as a line, or the fault."""
    return outcome if "\n" not in str(error) else f"more than a line: {error}"


def _outcomes(cases: Sequence[str], run: Run) -> Iterator[tuple[str, str]]:
    """The outcome of each case; one that kills its process fails."""
    context = multiprocessing.get_context("fork")
    while cases:
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(target=_run_cases, args=(cases, run, theirs))
        process.start()
        theirs.close()
        done = 0
        try:
            while done < len(cases) and ours.poll(3 * SECONDS):
                yield ours.recv()
                done += 1
        except EOFError:
            pass
        process.kill()
        process.join()
        if done < len(cases):
            yield cases[done], f"the process ended with status {process.exitcode}"
            done += 1
        cases = cases[done:]


def _run_cases(cases: Sequence[str], run: Run, output: Connection) -> None:
    """Run cases in this process, which is a new one; each outcome is sent."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    room = pages * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (room, room))
    signal.signal(signal.SIGPROF, _out_of_time)
    for case in cases:
        signal.setitimer(signal.ITIMER_PROF, SECONDS)
        try:
            result = run(case)
        except BaseException as error:
            where = _place(error.__traceback__)
            result = f"{type(error).__name__}: {str(error)[:200]!r} at {where}"
        signal.setitimer(signal.ITIMER_PROF, 0)
        output.send((case, result))


def _place(last: TracebackType | None) -> str:
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    return "" if last is None else f"{last.tb_frame.f_code.co_filename}:{last.tb_lineno}"


def _out_of_time(*_: object) -> None:
    raise TimeoutError(f"it took more than {SECONDS} s")
