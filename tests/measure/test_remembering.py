"""Figures of plug-ins are those of the work: of no cache, no print and no patched process."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

import cheating
import remembering
from codecmark import corpus
from codecmark.catalog import factories
from codecmark.clip import AudioClip
from codecmark.codec import Codec
from codecmark.corpus.condition import PreparedClip
from codecmark.errors import MetricError
from codecmark.measure import memory, unseen_inputs
from codecmark.measure.decoding_worker import _PROGRAM, DecodingWorker
from codecmark.measure.impairments.treatment import UNTREATED, Treatment
from codecmark.measure.scoring import Scorer
from codecmark.measure.timing import Timed, perf_counter_timer
from codecmark.networks.setup import Setup
from codecmark.run import plan
from codecmark.run.engines.pool import Pool
from codecmark.run.engines.worker import Item, Worker
from entries import noise
from small_runs import CONDITION, rows_of_clips

CLIPS = [
    PreparedClip(f"{count}.wav", "n", "ambient", noise(count, seed=count))
    for count in (8_000, 8_001)
]


@pytest.fixture(autouse=True)
def plugins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    installed = (*remembering.PLUGINS, cheating.Patcher)
    cheating.install(tmp_path / "plugin", monkeypatch, installed)
    found = [str(tmp_path / "plugin"), str(Path(cheating.__file__).parent)]
    for folder in found:  # by processes that inherit the environment only
        monkeypatch.setenv("PYTHONPATH", folder, prepend=os.pathsep)
    cheating.SENT.clear()
    remembering.Memo.streams.clear()
    remembering.Memo.decoded.clear()
    yield
    factories.scan.cache_clear()
    _PROGRAM.close()


@pytest.mark.parametrize("spec", ["printer", "memlie"])
def test_what_is_printed_is_no_memory(spec: str) -> None:
    assert 20 < memory.peak_memory_mib(spec, noise(1_000), Setup()) < 300


@pytest.mark.parametrize("answer", [b"", b"bye.", b"nan", b"-1", b"\xff\xfe"])
def test_what_is_no_figure_is_no_memory(answer: bytes) -> None:
    with pytest.raises(MetricError, match="answered no figure"):
        memory._figure(answer)


def test_what_a_clip_passes_through_is_a_plugin_too(tmp_path: Path) -> None:
    folder = tmp_path / "corpus"
    folder.mkdir()
    soundfile.write(folder / CLIPS[0].name, CLIPS[0].audio.samples.T, 16_000)
    clips, _ = plan.survey(corpus.load(folder), CONDITION)
    items = [
        Item("run", "pcm@8bit", tuple(clips), clips[0], CONDITION, False, Setup(), treatment)
        for treatment in (Treatment.of({"passed_through": "patcher"}), UNTREATED)
    ]
    through, alone = (outcome.rows[0] for outcome in Pool(1).run(items))
    assert through.passed_through == "patcher"
    assert through.snr_db is not None
    assert through.snr_db < 1  # a patched process says infinite
    assert alone.snr_db is not None
    assert alone.snr_db > 20


@pytest.mark.parametrize("spec", ["memo", "ahead"])
def test_no_time_is_that_of_a_cache(spec: str) -> None:
    for row in rows_of_clips(spec, CLIPS, perf_counter_timer):
        assert (row.status, row.encode_rounds, row.decode_rounds) == ("ok", 3, 3)
        assert row.reasons["snr_db"] == "infinite: output equals input"
        assert row.encode_min_s is not None
        assert row.encode_min_s >= remembering.WORK_S
        assert row.decode_min_s is not None
        assert row.decode_min_s >= remembering.WORK_S


def test_what_is_scored_of_a_timed_run_saw_no_clip() -> None:
    untimed, timed = (rows_of_clips("near", CLIPS, timer) for timer in (None, perf_counter_timer))
    for one, other in zip(untimed, timed, strict=True):
        assert other.snr_db == one.snr_db == pytest.approx(remembering.NEAR_DB, abs=0.2)
        assert other.decoded_sha256 == one.decoded_sha256


def test_what_is_slow_once_is_not_slow() -> None:
    for row in rows_of_clips("warm", CLIPS, perf_counter_timer):
        assert row.status == "ok"
        assert row.encode_p95_s is not None
        assert row.decode_p95_s is not None
        assert max(row.encode_p95_s, row.decode_p95_s) < remembering.WORK_S
        assert row.encode_first_call_s is not None
        assert row.decode_first_call_s is not None
        assert min(row.encode_first_call_s, row.decode_first_call_s) > 5 * remembering.WORK_S


def test_a_slow_codec_is_timed_once_by_what_is_new(monkeypatch: pytest.MonkeyPatch) -> None:
    hasty = replace(CONDITION, slow_call_s=remembering.WORK_S / 2)
    monkeypatch.setattr("small_runs.CONDITION", hasty)
    for row in rows_of_clips("ahead", CLIPS, perf_counter_timer):
        assert (row.status, row.encode_rounds, row.decode_rounds) == ("ok", 1, 1)
        assert row.decode_s is not None
        assert row.decode_s >= remembering.WORK_S


@pytest.mark.parametrize("timed", [True, False])
@pytest.mark.parametrize("spec", ["memo", "opus@24k"])
def test_every_call_is_announced_to_whoever_limits_its_time(
    spec: str, timed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a codec whose calls are slow the calls that no clock sees take as long."""
    events: list[str] = []

    def noticed(call: Callable[..., Any]) -> Callable[..., Any]:
        def called(*given: Any) -> Any:
            events.append("call")
            return call(*given)

        return called

    for of, name in ((Codec, "encode"), (Codec, "decode"), (DecodingWorker, "timed")):
        monkeypatch.setattr(of, name, noticed(getattr(of, name)))
    monkeypatch.setattr("codecmark.measure.codec_rows.probe_s", lambda: 0.1)  # a codec of its own
    for clip in CLIPS:
        soundfile.write(tmp_path / clip.name, clip.audio.samples.T, 16_000)
    clips, _ = plan.survey(corpus.load(tmp_path, clip_class="ambient"), CONDITION)
    with Scorer(workers=1) as scorer:
        worker = Worker(scorer, lambda stage: events.append(stage.phase))
        item = Item("run", spec, tuple(clips), clips[0], CONDITION, timed, Setup())
        assert {row.status for row in worker.measure(item).rows} == {"ok"}
    before = [previous for previous, event in pairwise(events) if event == "call"]
    assert len(before) >= (14 if timed else 4)
    assert set(before) == {"encode", "decode"}


def test_a_variant_is_as_long_and_as_loud() -> None:
    clip = AudioClip(np.array([[-1, 0.5, 0, 0]], np.float32), 16_000)
    drawn = {tuple(unseen_inputs.varied(clip).samples[0]) for _ in range(100)}
    turned = [(1 - 2**-15, -0.5, 0, 0), (0, 1 - 2**-15, -0.5, 0)]
    assert drawn >= set(turned)
    assert all(sorted(values) == [-0.5, 0, 0, 1 - 2**-15] for values in drawn)


def test_a_timer_that_makes_one_call_gets_its_own_streams() -> None:
    def once(call: Any, inputs: Any, *, before: Any, rounds: int) -> list[Timed[Any]]:
        assert rounds == 3
        before()
        return [Timed(call(inputs[0]), ())]

    for _ in range(4):  # whichever round is drawn
        row = rows_of_clips("warm", CLIPS[:1], once)[0]
        assert (row.status, row.encode_s) == ("ok", None)
        assert row.reasons["snr_db"] == "infinite: output equals input"
