"""The number of threads to compute with."""

from __future__ import annotations

import os
import sys

VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
"""What libraries read as they are loaded."""


def set_threads(count: int) -> None:
    """Compute with this many threads, in the native core, in torch and in what is loaded later.

    Args:
        count: at least 1.
    """
    os.environ.update(dict.fromkeys(VARIABLES, str(count)))
    if "torch" in sys.modules:
        import torch

        torch.set_num_threads(count)


def threads() -> int:
    """The number that was set: torch's where it is loaded, otherwise that of OpenMP's variable, or
    one for each core."""
    if "torch" in sys.modules:
        import torch

        return torch.get_num_threads()
    given = os.environ.get(VARIABLES[0], "")
    return int(given) if given.isdecimal() and int(given) else len(_cores())


def _cores() -> set[int]:
    """The processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return set(os.sched_getaffinity(0))
    return set(range(os.cpu_count() or 1))
