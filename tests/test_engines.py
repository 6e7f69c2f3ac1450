"""Engines give the same rows, and a worker's death or a hang costs an item, not the run."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import soundfile

import fragile
from codecmark import condition, corpus, plan, store
from codecmark.engines import Engine
from codecmark.engines.inprocess import InProcess
from codecmark.engines.item_queue import ItemQueue
from codecmark.engines.pool import Pool
from codecmark.engines.worker import Item
from codecmark.plan import PlannedClip
from codecmark.result import ResultRow
from codecmark.runner import run
from entries import noise, tone

CONDITION = condition.named("16k-mono")
VARIES = ("run_id", "row_s")


@pytest.fixture
def clips(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[PlannedClip]:
    fragile.install(tmp_path / "plugin", monkeypatch)
    folder = tmp_path / "corpus"
    folder.mkdir()
    sounds = {"a": noise(8_000), "bad": noise(fragile.BAD_SAMPLES), "tone": tone(0.5)}
    for name, clip in sounds.items():
        soundfile.write(folder / f"{name}.wav", clip.samples.T, 16_000)
    return plan.survey(corpus.load(folder), CONDITION)[0]


def work(
    engine: Engine, out: Path, clips: list[PlannedClip], *specs: str, timed: bool = False,
    together: int = 1,
) -> dict[tuple[str, str | None], ResultRow]:  # fmt: skip
    found = plan.make(specs, clips, CONDITION, out, timed=timed)
    for _ in run(found, engine, out, together=together):
        pass
    assert not plan.make(specs, clips, CONDITION, out, timed=timed).missing
    return {(row.spec, row.clip): row for row in store.read(out)}


def without_times(row: ResultRow) -> dict[str, object]:
    return {name: value for name, value in vars(row).items() if name not in VARIES}


def test_pool_and_process_give_the_same_rows(
    tmp_path: Path, clips: list[PlannedClip], monkeypatch: pytest.MonkeyPatch
) -> None:
    specs = ("flac", "opus@24k", "opus@999k", "fragile:works")
    alone = work(InProcess(), tmp_path / "one", clips, *specs)
    loads = tmp_path / "loads"
    monkeypatch.setenv(fragile.LOADS_VARIABLE, str(loads))
    pooled = work(Pool(2), tmp_path / "two", clips, *specs)
    assert len(alone) == 10
    assert {key: without_times(row) for key, row in pooled.items()} == {
        key: without_times(row) for key, row in alone.items()
    }
    workers = loads.read_text().split()  # a model loads once a worker, and not here
    assert len(set(workers)) == len(workers) <= 2
    assert str(os.getpid()) not in workers


def test_a_death_or_a_hang_costs_an_item(tmp_path: Path, clips: list[PlannedClip]) -> None:
    specs = ("fragile:dies", "fragile:hangs", "fragile:dies-once", "flac")
    rows = work(Pool(2, limit_s=60), tmp_path, clips, *specs)
    assert len(rows) == 12
    assert {key: row.reason for key, row in rows.items() if row.status != "ok"} == {
        ("fragile:dies", "bad.wav"): "the worker process died twice (SIGKILL)",
        ("fragile:hangs", "bad.wav"): "took more than 60 s",
    }
    lost = rows["fragile:dies", "bad.wav"]
    assert (lost.status, lost.clip_s, lost.clip_class) == ("failed", 0.25, "audio")


def test_clips_timed_together_are_told_apart_by_a_death(
    tmp_path: Path, clips: list[PlannedClip]
) -> None:
    rows = work(Pool(1), tmp_path, clips, "fragile:dies", timed=True, together=3)
    assert [row.status for row in rows.values()].count("failed") == 1
    assert rows["fragile:dies", "bad.wav"].status == "failed"
    assert rows["fragile:dies", "a.wav"].encode_s is not None


def test_workers_keep_to_their_codec(clips: list[PlannedClip]) -> None:
    items = [
        Item("r", spec, (clip,), clips[0], CONDITION, False)
        for spec in ("x", "y") for clip in clips
    ]  # fmt: skip
    queue = ItemQueue(items)
    assert queue.take(None, {None}).spec == "x"
    assert queue.take(None, {"x"}).spec == "y"
    assert queue.take("y", {"x"}).spec == "y"
    assert queue.take("z", {"x", "y"}).spec == "x"  # nothing else is left: help with the most
    queue.drop("y")
    assert queue.take("y", {"x"}).spec == "x"
    assert not queue
    queue.put_back(items[:1])
    assert queue.take(None, ()) is items[0]
