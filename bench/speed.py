"""Speed compared with other libraries: `make bench-speed`.

Prints the machine's limits and a table for every group named on the command line, and records them
in bench/results with date and machine. Peers are timed in alternation, and a figure is the median
of its turns; the share of the machine's limit follows in brackets. Nothing else should run
meanwhile. Run one group alone with `python bench/speed.py step`.

The data of the applications is read from $ELMAN_DATA, by default ../shared/data.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence

import torch

from elman.kernels import core
from tables import bench_parser, check_data, check_rows, publish
from timings.applications import applications
from timings.comparison import Group, run
from timings.machine import keep_memory, limits_table
from timings.precision import precision_table
from timings.sequences import ALL_SIZES, SIZES, diagonal, even_batches, ragged_batches
from timings.steps import many_streams, one_stream
from timings.tag_sequences import tag_sequences

GROUPS: dict[str, Callable[[argparse.Namespace], Group]] = {
    "step": lambda _: one_stream(),
    "streams": lambda _: many_streams(),
    "train": lambda o: even_batches(o.threads, ALL_SIZES if o.all else SIZES),
    "mingru": lambda o: diagonal(o.threads),
    "ragged": lambda o: ragged_batches(o.threads),
    "tags": lambda o: tag_sequences(o.threads),
    "applications": lambda o: applications(o.threads),
}

NAMES = ("machine", *GROUPS, "precision")


def main() -> None:
    parser = bench_parser(__doc__)
    parser.add_argument("rows", nargs="*", help=", ".join(NAMES))
    parser.add_argument("--threads", type=int, default=2, help="CPU threads (steps always use one)")
    parser.add_argument("--seconds", type=float, default=1.0, help="time for each line of a table")
    parser.add_argument("--all", action="store_true", help="all sizes of the training tables")
    options = parser.parse_args()
    check_rows(parser, options.rows, NAMES)
    asked = options.rows or NAMES
    if {"applications", "precision"} & set(asked):
        check_data()
    keep_memory()
    text = "\n\n".join(_tables(asked, options))
    torch.set_num_threads(options.threads)
    publish("speed", text, record=not options.no_record)


def _tables(asked: Sequence[str], options: argparse.Namespace) -> Iterator[str]:
    yield f"Native core: {core.name()}\n\n{limits_table(options.threads)}"
    for name, group in GROUPS.items():
        if name in asked:
            yield run(group(options), options.seconds)
    if "precision" in asked:
        yield precision_table(options.threads)


if __name__ == "__main__":
    main()
