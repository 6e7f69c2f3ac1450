"""What plug-ins return is believed only as far as it can be checked, and costs nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

import cheating
from codecmark import catalog, corpus
from codecmark.catalog import checking, factories
from codecmark.clip import AudioClip
from codecmark.corpus.condition import PreparedClip
from codecmark.errors import CodecError, InputError
from codecmark.measure.decoding_worker import _PROGRAM, DecodingWorker
from codecmark.measure.timing import Timer, perf_counter_timer
from codecmark.networks.setup import Setup
from codecmark.results import store
from codecmark.results.row import ResultRow
from codecmark.run import plan
from codecmark.run.engines.pool import Pool
from codecmark.run.runner import run
from codecmark.system.text import MOST_OF_A_MESSAGE
from entries import noise
from small_runs import CONDITION, rows_of_clips

CLIPS = [
    PreparedClip(f"{count}.wav", "n", "ambient", noise(count, seed=count))
    for count in (8_000, 8_001, 8_002)
]


@pytest.fixture(autouse=True)
def cheats(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    cheating.install(tmp_path / "plugin", monkeypatch)
    cheating.KEPT.clear()
    cheating.SENT.clear()
    yield
    factories.scan.cache_clear()
    _PROGRAM.close()


def rows_of(spec: str, timer: Timer | None) -> list[ResultRow]:
    return rows_of_clips(spec, CLIPS, timer)


@pytest.mark.parametrize(
    ("spec", "timer", "reason"),
    [
        ("liar", None, "liar encoded to _FewBytes; it must be bytes"),
        ("liar", perf_counter_timer, "liar encoded to _FewBytes; it must be bytes"),
        ("partly", perf_counter_timer, "a process that never saw the clip disagrees"),
        ("face", perf_counter_timer, "face decoded to _TwoFaced; it must be an AudioClip"),
        ("replayer", None, "encode: "),
        ("rate", None, "rate decoded to 1 x 8000 samples at 8000 Hz; the clip has 1 x 8000 samp"),
        ("rate", perf_counter_timer, "rate decoded to 1 x 8000 samples at 8000 Hz; the clip has"),
        ("exiter", None, "exiter failed to encode: SystemExit: gone"),
    ],
)
def test_a_cheat_fails_by_name(spec: str, timer: Timer | None, reason: str) -> None:
    rows = rows_of(spec, timer)
    assert len(rows) == len(CLIPS)
    assert [row.status for row in rows] == ["failed"] * 3
    assert reason in (rows[0].reason or "")
    assert [(row.snr_db, row.decode_s) for row in rows] == [(None, None)] * 3


def test_a_message_of_any_length_is_cut() -> None:
    for row in rows_of("talker", None):
        assert row.reason is not None
        assert len(row.reason) <= MOST_OF_A_MESSAGE
        assert "failed to encode: ValueError: xxx" in row.reason


def test_a_decoding_process_remembers_no_other_setting() -> None:
    assert [row.status for row in rows_of("memory@256k", None)] == ["ok"] * 3
    low = rows_of("memory@1k", None)
    assert [row.status for row in low] == ["failed"] * 3
    assert "KeyError" in (low[0].reason or "")


@pytest.mark.parametrize("timer", [None, perf_counter_timer])
def test_an_answer_to_nothing_ends_the_process_and_costs_nobody_else(timer: Timer | None) -> None:
    forged = rows_of("forger", timer)
    assert [row.status for row in forged] == ["failed"] * 3
    assert "sent what answers no request" in (forged[0].reason or "")
    honest = rows_of("pcm16", timer)
    assert [row.reasons["snr_db"] for row in honest] == ["infinite: output equals input"] * 3


def test_a_plugin_shares_its_process_with_nobody() -> None:
    setup, clip = Setup.from_environment(), CLIPS[0].audio
    plugin, own = catalog.create("memory@256k"), catalog.create("pcm16")
    pids = []
    for codec in (own, plugin, plugin, own):
        worker = DecodingWorker(codec, setup, 1, CONDITION.decode_limits)
        for _ in range(2):
            assert np.array_equal(worker.decode(codec.encode(clip)).samples, clip.samples)
            pids.append(_PROGRAM.pid)
    assert pids[::2] == pids[1::2]
    assert len(set(pids)) == 4


class _Finite(np.ndarray):
    """An array that says of whatever it holds that it is finite."""

    def __array_ufunc__(self, *_: Any, **__: Any) -> Any:
        return np.ones(self.shape, bool)


def test_an_array_does_not_check_itself() -> None:
    with pytest.raises(InputError, match="contains NaN"):
        AudioClip(np.full((1, 8), np.nan, np.float32).view(_Finite), 16_000)


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ("namer", "names opus@24k of the family opus"),
        ("noinfo", "its info is NoneType; it must be a CodecInfo"),
        ("notcodec", "from_spec returned object; it must be a Codec"),
        ("fromexit", "fromexit could not be built: SystemExit: gone"),
    ],
)
def test_what_a_plugin_builds_is_checked(spec: str, reason: str, tmp_path: Path) -> None:
    checking.check([spec], Setup.from_environment())
    with pytest.raises(CodecError, match=reason):
        catalog.create(spec)
    assert Path.cwd() == tmp_path
    assert [row.status for row in rows_of(spec, None)] == ["failed"]


def test_no_row_is_of_another_name_than_was_asked_for() -> None:
    rows = rows_of("turncoat", None)
    assert [row.clip for row in rows] == [clip.name for clip in CLIPS]
    for row in rows:
        assert (row.spec, row.family, row.status) == ("turncoat", "turncoat", "failed")
        assert row.reason is not None
        assert "its info names opus@24k" in row.reason


def test_a_list_of_specs_that_is_none_costs_itself_only() -> None:
    specs = catalog.select(None, everything=True)
    assert {"fromexit", "memory@256k", "memory@1k"} <= set(specs)
    assert catalog.expanded("fromexit") == ("fromexit",)


def test_what_a_plugin_does_to_its_process_ends_with_it(tmp_path: Path) -> None:
    folder = tmp_path / "corpus"
    folder.mkdir()
    for clip in CLIPS[:2]:
        soundfile.write(folder / clip.name, clip.audio.samples.T, 16_000)
    clips, _ = plan.survey(corpus.load("corpus"), CONDITION)  # a relative path
    planned = plan.make(("patcher", "flac"), clips, CONDITION, Path("out"), Setup(), timed=False)
    for _ in run(planned, Pool(1), Path("out")):
        pass
    rows = {(row.spec, row.clip): row for row in store.read(Path("out"))}
    assert len(rows) == 4
    for (spec, _), row in rows.items():
        assert row.status == "ok", row.reason
        if spec == "patcher":  # its metrics are not those of its own process
            assert row.snr_db is not None
            assert row.snr_db < 1
        else:
            assert row.reasons["snr_db"] == "infinite: output equals input"
