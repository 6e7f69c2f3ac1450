"""Engines give the same rows, and a worker's death or a hang costs an item, not the run."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from multiprocessing import Pipe
from pathlib import Path
from time import monotonic, perf_counter
from typing import Any, cast

import pytest
import soundfile
from msgspec.structs import asdict

import fragile
from codecmark import corpus
from codecmark.corpus import condition
from codecmark.networks.setup import Setup
from codecmark.results import store
from codecmark.results.row import ResultRow
from codecmark.run import plan
from codecmark.run.engines import Engine
from codecmark.run.engines.inprocess import InProcess
from codecmark.run.engines.item_queue import ItemQueue
from codecmark.run.engines.pool import Pool, _Handle, _SignsOfLife
from codecmark.run.engines.worker import Item, Outcome, Stage
from codecmark.run.planned_clip import PlannedClip
from codecmark.run.runner import run
from entries import noise, tone

CONDITION = condition.named("16k-mono")
VARIES = ("run_id", "row_s")
SPECS = ("flac", "opus@24k", "opus@999k", "fragile:works")
Rows = dict[tuple[str, str | None], ResultRow]


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[PlannedClip]]:
    folder = tmp_path_factory.mktemp("corpus")
    # the bad one first: workers that die of it have scored nothing yet, which takes longest
    sounds = {
        "bad": noise(fragile.BAD_SAMPLES), "noise": noise(fragile.HANGS_SAMPLES),
        "tone": tone(fragile.ONCE_SAMPLES / 16_000),
    }  # fmt: skip
    for name, clip in sounds.items():
        soundfile.write(folder / f"{name}.wav", clip.samples.T, 16_000)
    with pytest.MonkeyPatch.context() as patch:
        fragile.install(tmp_path_factory.mktemp("plugin"), patch)
        yield plan.survey(corpus.load(folder), CONDITION)[0]


@dataclass(frozen=True)
class Pooled:
    """A run on two workers: its rows, the processes that loaded `fragile`, and its time."""

    rows: Rows
    workers: list[str]
    seconds: float


@pytest.fixture(scope="module")
def pooled(clips: list[PlannedClip], tmp_path_factory: pytest.TempPathFactory) -> Pooled:
    folder = tmp_path_factory.mktemp("pooled")
    start = perf_counter()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(fragile.LOADS_VARIABLE, str(folder / "loads"))
        rows = work(Pool(2), folder / "results", clips, *SPECS)
    return Pooled(rows, (folder / "loads").read_text().split(), perf_counter() - start)


def work(
    engine: Engine, out: Path, clips: list[PlannedClip], *specs: str, timed: bool = False
) -> Rows:
    found = plan.make(specs, clips, CONDITION, out, Setup(), timed=timed)
    for _ in run(found, engine, out):
        pass
    assert not plan.make(specs, clips, CONDITION, out, Setup(), timed=timed).missing
    return {(row.spec, row.clip): row for row in store.read(out)}


def without_times(row: ResultRow) -> dict[str, object]:
    return {name: value for name, value in asdict(row).items() if name not in VARIES}


def test_pool_and_process_give_the_same_rows(
    tmp_path: Path, clips: list[PlannedClip], pooled: Pooled
) -> None:
    alone = work(InProcess(), tmp_path, clips, *SPECS)
    assert len(alone) == 10
    assert {key: without_times(row) for key, row in pooled.rows.items()} == {
        key: without_times(row) for key, row in alone.items()
    }
    # a model loads once a worker and once in the process that decodes for it, and not here
    assert len(set(pooled.workers)) == len(pooled.workers) <= 4
    assert str(os.getpid()) not in pooled.workers


def test_a_death_or_a_hang_costs_an_item(
    tmp_path: Path, clips: list[PlannedClip], pooled: Pooled
) -> None:
    specs = ("fragile:breaks", "flac")
    limit_s = max(10, ceil(1.5 * pooled.seconds))  # a hang costs as much
    rows = work(Pool(2, limit_s=limit_s), tmp_path, clips, *specs)
    assert len(rows) == 6
    assert Path(os.environ[fragile.MARKER_VARIABLE]).exists()  # one did die once
    assert {key: row.reason for key, row in rows.items() if row.status != "ok"} == {
        ("fragile:breaks", "bad.wav"): "the worker process died twice (SIGKILL)",
        ("fragile:breaks", "noise.wav"): f"took more than {limit_s} s",
    }
    lost = rows["fragile:breaks", "bad.wav"]
    assert (lost.status, lost.clip_s, lost.clip_class) == ("failed", 0.25, "audio")


def test_clips_timed_together_are_told_apart_by_a_death(
    tmp_path: Path, clips: list[PlannedClip]
) -> None:
    rows = work(Pool(1), tmp_path, clips[:2], "fragile:dies", timed=True)
    assert len(rows) == 2
    assert [row.status for row in rows.values()].count("failed") == 1
    assert rows["fragile:dies", "bad.wav"].status == "failed"
    assert rows["fragile:dies", "noise.wav"].encode_s is not None


def test_workers_keep_to_their_codec(clips: list[PlannedClip]) -> None:
    items = [
        Item("r", spec, (clip,), clips[0], CONDITION, False, Setup())
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


class _Process:
    """Stands for a worker's process that has not ended."""

    exitcode = -9
    pid = None
    looks = 0

    def is_alive(self) -> bool:
        """Alive until it is waited for."""
        self.looks += 1
        return self.looks < 3

    def join(self, patience_s: float | None = None) -> None:
        pass

    def kill(self) -> None:
        pass


def test_a_sign_of_life_gives_a_worker_its_time_anew(clips: list[PlannedClip]) -> None:
    ours, theirs = Pipe()
    item = Item("r", "pcm16", tuple(clips), clips[0], CONDITION, True, Setup())
    handle = _Handle(cast(Any, _Process()), ours, "pcm16", item, until=0.0)
    pool = Pool(1, limit_s=100.0)
    pool._handles.append(handle)
    queue = ItemQueue([])
    _SignsOfLife(theirs)(Stage("pcm16", "encode", "tone.wav"))
    before = monotonic()
    assert pool._receive(handle, item, queue, Counter()) is None
    assert handle.until >= before + 100.0
    assert handle.item is item
    # nothing came in time: clips that were timed together are each tried alone
    assert pool._receive(handle, item, queue, Counter()) is None
    assert not pool._handles
    assert [queue.take("pcm16", ()).clips for _ in clips] == [(clip,) for clip in clips[::-1]]


def test_a_worker_whose_code_was_edited_is_replaced(clips: list[PlannedClip]) -> None:
    item = Item("r", "pcm16", tuple(clips), clips[0], CONDITION, False, Setup())
    pool = Pool(1)
    for is_outdated in (False, True):
        ours, theirs = Pipe()
        handle = _Handle(cast(Any, _Process()), ours, "pcm16", item)
        pool._handles[:] = [handle]
        theirs.send(Outcome(item, [], is_outdated=is_outdated))
        assert pool._receive(handle, item, ItemQueue([]), Counter()) is not None
        assert pool._handles == ([] if is_outdated else [handle])


def test_signs_of_life_are_few() -> None:
    ours, theirs = Pipe()
    signs = _SignsOfLife(theirs)
    for number in range(1_000):
        signs(Stage("pcm16", "encode", f"{number}.wav"))
    signs(Stage("pcm16", "decode", "0.wav"))
    assert ours.recv() == Stage("pcm16", "encode", "0.wav")
    assert ours.recv() == Stage("pcm16", "decode", "0.wav")
    assert not ours.poll()


@pytest.mark.parametrize("engine", [InProcess(), Pool(1)])
def test_what_is_worked_on_is_told(
    engine: Engine, clips: list[PlannedClip], tmp_path: Path
) -> None:
    stages: list[Stage] = []
    planned = plan.make(["pcm16"], clips, CONDITION, tmp_path, Setup())
    for _ in run(planned, engine, tmp_path, stages.append):
        pass
    assert list(dict.fromkeys(stage.phase for stage in stages)) == [
        "load", "encode", "decode", "score",
    ]  # fmt: skip
    assert {stage.spec for stage in stages} == {"pcm16"}
    named = {stage.clip for stage in stages if stage.phase == "encode"}
    assert named - {""} <= {clip.entry.name for clip in clips}
    if isinstance(engine, InProcess):  # a pool tells at most once a second
        assert named - {""} == {clip.entry.name for clip in clips}
