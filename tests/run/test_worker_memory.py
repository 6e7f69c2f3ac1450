"""A worker's memory does not go by the number of its rows: a run may have very many."""

from __future__ import annotations

import gc
import os
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
import soundfile

from codecmark import corpus
from codecmark.metrics import visqol_model
from codecmark.networks.setup import Setup
from codecmark.run import plan
from codecmark.run.engines.inprocess import InProcess
from codecmark.run.runner import run
from entries import noise
from small_runs import CONDITION

WARM_UP, ROWS = 40, 140
STATUS = Path("/proc/self/status")


def _resident_mib() -> dict[str, float]:
    """Return what this process and the one that decodes for it hold."""
    return {name: _held_mib(pid) for name, pid in (("scores", os.getpid()), *_decoders())}


def _held_mib(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024


def _decoders() -> list[tuple[str, int]]:
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    words = {pid: Path(f"/proc/{pid}/cmdline").read_text() for pid in children}
    return [("decodes", int(pid)) for pid in children if "decoding_worker" in words[pid]]


@pytest.fixture
def traced() -> Iterator[None]:
    """Count what Python allocates."""
    tracemalloc.start()
    yield
    tracemalloc.stop()


@pytest.mark.usefixtures("traced")
@pytest.mark.skipif(not STATUS.exists(), reason="only Linux says what a process holds")
def test_a_worker_of_many_rows_holds_what_one_of_few_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 15,000 rows at these bounds, objects are 30 MiB and the process grows by 300 MiB.

    A clip that is kept for each row, or a decoder of FFmpeg, is beyond them.
    """
    monkeypatch.setattr(visqol_model, "_SPECTROGRAMS_KEPT", 60)  # 4,096 are full after 1,400 rows
    visqol_model.model.cache_clear()  # what tests before this one left there would be replaced
    folder = tmp_path / "clips"
    folder.mkdir()
    for number in range(ROWS):
        samples = noise(8_000, seed=number).samples.T
        soundfile.write(folder / f"{number:03d}.wav", samples, 16_000)
    clips, unused = plan.survey(corpus.load(folder), CONDITION)
    assert not unused
    specs, setup = ["opus@24k"], Setup.from_environment()
    planned = plan.make(specs, clips, CONDITION, tmp_path, setup, timed=False)
    held, objects = [], []
    for outcome in run(planned, InProcess(), tmp_path):
        assert [row.status for row in outcome.rows] == ["ok"]
        held.append(_resident_mib())
        if len(held) in {WARM_UP, ROWS}:
            gc.collect()
            objects.append(tracemalloc.get_traced_memory()[0])
    assert len(held) == ROWS
    assert held[-1].keys() == {"scores", "decodes"}
    for name in held[-1]:
        grown_mib = held[-1][name] - held[WARM_UP][name]
        assert grown_mib < 0.02 * (ROWS - WARM_UP), f"{name}: {grown_mib:.1f} MiB more"
    assert objects[1] - objects[0] < 2_048 * (ROWS - WARM_UP)
