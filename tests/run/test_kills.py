"""SIGKILL at random moments: the resumed run ends with exactly the rows of an undisturbed one.

Two trials, one of the driver and one of a worker; CODECMARK_KILL_TRIALS asks for more.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from codecmark.results import store
from killed_runs import Rows, clips, command, finished, undisturbed

TRIALS = int(os.environ.get("CODECMARK_KILL_TRIALS", "2"))
__all__ = ["clips", "undisturbed"]  # fixtures


@pytest.mark.parametrize("seed", range(TRIALS))
def test_a_killed_run_goes_on_to_the_same_rows(
    seed: int, clips: Path, undisturbed: Rows, tmp_path: Path
) -> None:
    random_moment = random.Random(seed)  # noqa: S311 - a moment, not a secret
    out = tmp_path / "results"
    driver = subprocess.Popen(
        [sys.executable, "-m", "codecmark", *command(clips, out)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    wanted = random_moment.randrange(1, len(undisturbed) - 4)
    workers = _wait_for_rows(driver, out, wanted)
    time.sleep(random_moment.uniform(0, 0.2))
    victims = [driver.pid] if seed % 2 else workers[:1]
    for victim in victims:
        os.kill(victim, signal.SIGKILL)
    driver.wait(timeout=300)
    _wait_for_end(workers)
    if seed % 2:
        assert driver.returncode == -signal.SIGKILL
    else:  # a worker is replaced and nothing else happens
        assert driver.returncode == 0
        assert len(store.read(out)) == len(undisturbed)
    assert finished(clips, out, "--engine", "in-process", "--workers", "1") == undisturbed


def _wait_for_rows(driver: subprocess.Popen[bytes], out: Path, wanted: int) -> list[int]:
    """Return the workers' ids once `wanted` lines are on disk."""
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        assert driver.poll() is None, "the run ended before the kill"
        lines = sum(path.read_bytes().count(b"\n") for path in out.glob("rows/*.jsonl"))
        if lines > wanted:
            return _workers(driver.pid)
        time.sleep(0.005)
    pytest.fail("no rows within five minutes")


def _workers(driver: int) -> list[int]:
    children = Path(f"/proc/{driver}/task/{driver}/children").read_text().split()
    return [
        int(child)
        for child in children
        if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()
    ]


def _wait_for_end(workers: list[int]) -> None:
    """A worker does not outlive its driver."""
    deadline = time.monotonic() + 60
    while any(Path(f"/proc/{worker}").exists() for worker in workers):
        assert time.monotonic() < deadline, "a worker was left behind"
        time.sleep(0.05)
