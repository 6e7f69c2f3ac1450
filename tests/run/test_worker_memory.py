"""A worker's memory does not go by the number of its rows: a run may have very many."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import soundfile

from codecmark import corpus
from codecmark.networks.setup import Setup
from codecmark.run import plan
from codecmark.run.engines.inprocess import InProcess
from codecmark.run.runner import run
from entries import noise
from small_runs import CONDITION

WARM_UP, ROWS = 40, 200
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


@pytest.mark.skipif(not STATUS.exists(), reason="only Linux says what a process holds")
@pytest.mark.parametrize("spec", ["g722@64k", "opus@24k"])
def test_a_worker_of_many_rows_holds_what_one_of_few_holds(spec: str, tmp_path: Path) -> None:
    """15,000 rows at this bound add 300 MiB; a kept clip or decoder adds more than that."""
    folder = tmp_path / "clips"
    folder.mkdir()
    for number in range(ROWS):
        samples = noise(8_000, seed=number).samples.T
        soundfile.write(folder / f"{number:03d}.wav", samples, 16_000)
    clips, unused = plan.survey(corpus.load(folder), CONDITION)
    assert not unused
    planned = plan.make([spec], clips, CONDITION, tmp_path, Setup.from_environment(), timed=False)
    held = []
    for outcome in run(planned, InProcess(), tmp_path):
        assert [row.status for row in outcome.rows] == ["ok"]
        held.append(_resident_mib())
    assert len(held) == ROWS
    assert held[-1].keys() == {"scores", "decodes"}
    for name in held[-1]:
        grown = held[-1][name] - held[WARM_UP][name]
        assert grown < 0.02 * (ROWS - WARM_UP), f"{name}: {grown:.1f} MiB more"
