"""How many threads the numeric libraries may use: part of a condition, so set in one place."""

from __future__ import annotations

import os
import sys

import threadpoolctl

_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_NUMBA = "NUMBA_NUM_THREADS"
_limits: list[threadpoolctl.threadpool_limits] = []


def limit(count: int) -> None:
    """Hold this process, and those it starts from now on, to `count` threads.

    Libraries that are loaded later read the environment; those already loaded are told. Call it
    again after loading a model: a library may have come with it.
    """
    for name in _VARIABLES:
        os.environ[name] = str(count)
    _limit_numba(count)
    _limits.append(threadpoolctl.threadpool_limits(limits=count))
    del _limits[:-1]
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.set_num_threads(count)


def _limit_numba(count: int) -> None:
    """Limit numba, which takes the number of its threads from the environment as it is loaded.

    Later it refuses to compile while the variable says otherwise, so fewer of its threads work.
    """
    numba = sys.modules.get("numba")
    if numba is None:
        os.environ[_NUMBA] = str(count)
    else:
        numba.set_num_threads(min(count, numba.config.NUMBA_NUM_THREADS))


def count() -> int:
    """Return the limit in force, or the number of processors if none was set."""
    outermost = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()
    return int(outermost) if outermost.isdecimal() and int(outermost) else os.cpu_count() or 1
