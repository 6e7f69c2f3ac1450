"""Scores come from a process that never saw a clip: a codec that keeps clips fails by name."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from codecmark import catalog
from codecmark.bitstream import frame
from codecmark.catalog import factories
from codecmark.corpus.condition import PreparedClip
from codecmark.errors import CodecError
from codecmark.measure import agreement
from codecmark.measure.decoding_worker import _PROGRAM, DecodingWorker
from codecmark.measure.timing import Timer, perf_counter_timer
from codecmark.networks.setup import Setup
from codecmark.results.row import ResultRow
from entries import noise, tone
from small_runs import CONDITION, rows_of_clips

CLIPS = [
    PreparedClip("noise", "n", "ambient", noise(8_000)),
    PreparedClip("tone", "t", "music", tone(0.5)),
]
PLUGIN = '''
from codecmark.classic.pcm import Pcm16Codec
from dataclasses import replace
import os
import numpy as np

KEPT = []

class Keeper(Pcm16Codec):
    """Keeps the clip and sends one byte."""

    @classmethod
    def from_spec(cls, spec, setup):
        codec = cls()
        codec.info = replace(codec.info, spec=str(spec), family=spec.family)
        return codec

    def encode_payload(self, clip):
        KEPT.append(clip.samples)
        return bytes([len(KEPT) - 1])

    def decode_payload(self, payload, header):
        return KEPT[payload[0]]

class Guesser(Keeper):
    """As it does, and returns noise where it has kept nothing."""

    def decode_payload(self, payload, header):
        if payload[0] < len(KEPT):
            return KEPT[payload[0]]
        return np.full((header.channels, header.n_samples), 0.1, np.float32)

class Leaver(Keeper):
    """Ends a process in which it has kept nothing."""

    def decode_payload(self, payload, header):
        if not KEPT:
            os._exit(0)
        return KEPT[payload[0]]
'''


@pytest.fixture
def cheats(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "cheating_codec.py").write_text(textwrap.dedent(PLUGIN))
    info = tmp_path / "cheat-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: cheat\nVersion: 1\n")
    (info / "entry_points.txt").write_text(
        "[codecmark.codecs]\nkeeper = cheating_codec:Keeper\n"
        "guesser = cheating_codec:Guesser\nleaver = cheating_codec:Leaver\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    _PROGRAM.close()
    factories.scan.cache_clear()
    yield
    factories.scan.cache_clear()
    _PROGRAM.close()


def rows_of(spec: str, timer: Timer | None) -> list[ResultRow]:
    return rows_of_clips(spec, CLIPS, timer)


@pytest.mark.usefixtures("cheats")
@pytest.mark.parametrize("timer", [None, perf_counter_timer])
@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ("keeper", "IndexError"),
        ("guesser", "dB against it"),
        ("leaver", "the process that never saw the clip died of it"),
    ],
)
def test_a_codec_that_keeps_the_clip_leads_no_board(
    spec: str, reason: str, timer: Timer | None
) -> None:
    rows = rows_of(spec, timer)
    assert [row.clip for row in rows] == ["noise", "tone"]
    if spec == "guesser" and timer is None:  # then what it returned is what is scored
        assert all(row.snr_db is not None and row.snr_db < 1 for row in rows)
        return
    for row in rows:
        assert row.status == "failed"
        assert row.reason is not None
        assert reason in row.reason
        assert row.snr_db is None
    if timer is not None:
        assert "a process that never saw the clip disagrees" in (rows[0].reason or "")


@pytest.mark.parametrize("timer", [None, perf_counter_timer])
def test_honest_codecs_are_scored_as_before(timer: Timer | None) -> None:
    _PROGRAM.close()
    for spec in ("pcm16", "opus@24k", "mel:16k-64/griffinlim-32"):
        rows = rows_of(spec, timer)
        assert [row.status for row in rows] == ["ok", "ok"]
        codec = catalog.create(spec)
        for row, clip in zip(rows, CLIPS, strict=True):
            decoded = codec.decode(codec.encode(clip.audio))
            assert row.decoded_sha256 == decoded.on_pcm16_grid().sha256()


def test_one_process_serves_many_codecs_and_survives_bad_streams() -> None:
    limits, setup = CONDITION.decode_limits, Setup()
    pcm, flac = catalog.create("pcm16"), catalog.create("flac")
    worker = DecodingWorker(pcm, setup, 1, limits)
    clip = noise(800)
    assert np.array_equal(worker.decode(pcm.encode(clip)).samples, clip.samples)
    pid = _PROGRAM.pid
    with pytest.raises(CodecError, match="checksum"):
        worker.decode(pcm.encode(clip)[:-1] + b"\0")
    long = frame.pack("pcm16", frame.StreamHeader(16_000, 1, 10**9), b"")
    with pytest.raises(CodecError, match="samples: the header asks for"):
        worker.decode(long)
    other = DecodingWorker(flac, setup, 1, limits)
    assert np.array_equal(other.decode(flac.encode(clip)).samples, clip.samples)
    other.forget()
    assert _PROGRAM.pid == pid


def test_what_counts_as_the_same_decode() -> None:
    clip = noise(800)
    assert agreement.difference_of(clip, clip) == ""
    nearly = type(clip)(clip.samples * np.float32(1.0001), 16_000)
    assert agreement.difference_of(nearly, clip) == ""
    assert "dB against it" in agreement.difference_of(noise(800, seed=1), clip)
    assert "shape" in agreement.difference_of(noise(700), clip)
