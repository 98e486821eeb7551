#!/usr/bin/env bash
# Library: numpy 2.3.5 (2.2.6 beside it).
# Date: 2026-12-01, Linux, x86-64.
#
# numpy.unique of many integers, most of them distinct, takes far longer since it looks them up in a
# hash table (numpy 2.3) than sorting them and comparing neighbours takes, and than it took before.
# The result is the same, and sorted in both versions:
#
#     numpy 2.2.6: unique takes 1.3 times as long as sorting
#     numpy 2.3.5: unique takes 61.1 times as long as sorting
#
# Asked for counts or an inverse too, numpy 2.3.5 sorts as before. So code that removes duplicates from
# large arrays of integers is fastest with a sort and a comparison of its own.
packages=(numpy==2.3.5)
source "$(dirname "$0")/common.sh"

cat >"$folder/unique.py" <<'PY'
import time

import numpy as np


def seconds(work):
    best = float("inf")
    for _ in range(3):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best


values = np.random.default_rng(0).integers(0, 2**40, 1_000_000)
distinct = np.unique(values)
ordered = np.sort(values)
first = np.ones(len(ordered), dtype=bool)
first[1:] = ordered[1:] != ordered[:-1]
assert np.array_equal(distinct, ordered[first]), "the results are the same"
times = seconds(lambda: np.unique(values)) / seconds(lambda: np.sort(values))
print(f"numpy {np.__version__}: unique takes {times:.1f} times as long as sorting")
by_hash = tuple(map(int, np.__version__.split(".")[:2])) >= (2, 3)
assert times > 8 if by_hash else times < 8
PY
"$python" "$folder/unique.py"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check numpy==2.2.6
"$python" "$folder/unique.py"
