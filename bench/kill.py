"""Processes killed at random moments, and full disks: `make kill`.

- Trainings of four tasks are killed at some step, within a checkpoint, within the last save, and
  resumed again and again; the models must equal, bit by bit, those that nobody disturbed.
- A server that stores its sessions in SQLite is killed while a session steps; after a restart the
  session must be one that it was in the last seconds, and the file must be sound.
- The Redis of a server is killed under traffic: no answer but 503 while it is away, and sessions
  step again within seconds.
- Commands write to a disk that is full: one line, status 1, and what stood there still stands
  whole.
"""

from __future__ import annotations

import argparse
import os
import random
import tempfile
from pathlib import Path

import torch

from kills.full_disk import fill_disks
from kills.processes import import_all
from kills.servers import kill_redis, kill_servers
from kills.trainings import kill_trainings


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--trainings", type=int, default=100, help="kills, of all tasks together")
    parser.add_argument("--servers", type=int, default=50, help="kills, with SQLite")
    parser.add_argument("--redis", type=int, default=10, help="kills")
    parser.add_argument("--disks", type=int, default=12, help="amounts of room for each command")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.set_num_threads(1)
    parts = (
        (kill_trainings, options.trainings),
        (kill_servers, options.servers),
        (kill_redis, options.redis),
        (fill_disks, options.disks),
    )
    with tempfile.TemporaryDirectory() as temporary:
        os.environ["ELMAN_CACHE"] = str(Path(temporary) / "cache")
        import_all()
        for number, (part, count) in enumerate(parts):
            if count:
                folder = Path(temporary) / f"part-{number}"
                folder.mkdir()
                draw = random.Random(f"{options.seed}/{number}")
                print(part(folder, count, draw), flush=True)


if __name__ == "__main__":
    main()
