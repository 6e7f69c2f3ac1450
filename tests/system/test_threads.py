"""The limit of threads, whatever was loaded before it; each in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

_START = """
import numba
from codecmark.system import threads

@numba.njit(parallel=True)
def doubled(values):
    for i in numba.prange(values.size):
        values[i] *= 2
    return values

@numba.njit
def one_more(value):
    return value + 1

import numpy as np
"""


def _printed(script: str) -> str:
    unlimited = {name: value for name, value in os.environ.items() if "NUM_THREADS" not in name}
    ended = subprocess.run(
        [sys.executable, "-c", _START + script],
        capture_output=True, text=True, check=False, env={**unlimited, "NUMBA_NUM_THREADS": "2"},
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


@pytest.mark.parametrize("launched", [True, False])
def test_numba_compiles_after_the_limit(launched: bool) -> None:
    """It refuses to while its variable differs from the threads that it has started."""
    started = "doubled(np.ones(3))\n" if launched else ""
    ended = _printed(
        f"{started}threads.limit(1)\n"
        "print(one_more(1), doubled(np.ones(2))[0], numba.get_num_threads(), threads.count())\n"
    )
    assert ended.split() == ["2", "2.0", "1", "1"]


def test_a_limit_can_be_raised_again_as_far_as_threads_go() -> None:
    ended = _printed(
        "doubled(np.ones(3))\nthreads.limit(1)\none_more(1)\nthreads.limit(8)\n"
        "print(one_more(1.0), numba.get_num_threads())\n"
    )
    assert ended.split() == ["2.0", "2"]
