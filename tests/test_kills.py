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
import soundfile

from codecmark.__main__ import main
from codecmark.results import store
from entries import noise, tone

TRIALS = int(os.environ.get("CODECMARK_KILL_TRIALS", "2"))
VARIES = ("run_id", "row_s")
Rows = dict[tuple[str, str | None], dict[str, object]]


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    for index in range(4):
        clip = noise(8_000, seed=index) if index % 2 else tone(0.5, frequency_hz=200.0 * index + 99)
        soundfile.write(folder / f"{index}.wav", clip.samples.T, 16_000)
    return folder


def command(clips: Path, out: Path) -> list[str]:
    return [
        "run", "--codecs", "pcm16,flac,vorbis@q3,opus@24k", "--corpus", str(clips),
        "--out", str(out), "--no-timing", "--workers", "2",
    ]  # fmt: skip


def finished(clips: Path, out: Path, *options: str) -> Rows:
    assert main([*command(clips, out), *options]) == 0
    assert len(store.run_ids(out)) == 1
    return {
        (row.spec, row.clip): {k: v for k, v in vars(row).items() if k not in VARIES}
        for row in store.read(out)
    }


@pytest.fixture(scope="module")
def undisturbed(clips: Path, tmp_path_factory: pytest.TempPathFactory) -> Rows:
    out = tmp_path_factory.mktemp("undisturbed")
    return finished(clips, out, "--engine", "in-process", "--workers", "1")


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
    assert finished(clips, out) == undisturbed


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
