"""Measurement of a codec: sizes, failures, scores and memory."""

from __future__ import annotations

import numpy as np
import pytest

from codecmark import AudioClip, Codec, CodecInfo
from codecmark.bitstream.frame import StreamHeader
from codecmark.classic.pcm import Pcm16Codec
from codecmark.clip import Samples
from codecmark.corpus import condition
from codecmark.corpus.condition import PreparedClip
from codecmark.errors import CodecError, MetricError
from codecmark.measure.measurement import Measurement
from codecmark.measure.memory import peak_memory_mib
from codecmark.measure.scoring import Job, Scorer
from codecmark.measure.timing import perf_counter_timer
from codecmark.metrics.table import QUALITY_FIELDS
from codecmark.networks.setup import Setup
from codecmark.results.row import ResultRow
from entries import noise, tiny, tone

CONDITION = condition.named("16k-mono")
CLIPS = [
    PreparedClip("noise", "n", "ambient", noise(8_000)),
    PreparedClip("tone", "t", "music", tone(0.5)),
]


def measured(codec: Codec, clips: list[PreparedClip] | None = None) -> list[ResultRow]:
    measurement = Measurement(codec, clips or CLIPS, CONDITION, Setup())
    measurement.encode(perf_counter_timer)
    measurement.decode(perf_counter_timer)
    return measurement.rows("run", Scorer(workers=1), memory=False)


def test_pcm16_is_exact_at_ratio_one_less_the_frame() -> None:
    rows = measured(Pcm16Codec())
    assert [row.clip for row in rows] == [clip.name for clip in CLIPS]
    for row in rows:
        assert row.status == "ok"
        assert row.snr_db is None
        assert row.reasons["snr_db"] == "infinite: output equals input"
        assert row.payload_bytes == row.pcm16_bytes == 16_000
        assert row.stream_bytes is not None
        assert row.stream_bytes - 16_000 <= 15
        assert row.compression_ratio == pytest.approx(1, abs=1e-3)
        assert row.lag_samples == 0
        assert row.encode_rounds == row.decode_rounds == CONDITION.rounds
        assert row.encode_s is not None
        assert row.encode_rtf == pytest.approx(row.encode_s / 0.5)


def test_an_untrained_network_has_speed_and_rate_but_no_quality() -> None:
    rows = measured(tiny("dac:16khz@6k"))
    assert [row.clip for row in rows] == ["noise"]
    (row,) = rows
    assert row.weights == "random"
    assert all(getattr(row, name) is None for name in QUALITY_FIELDS)
    assert all("seeded random weights" in row.reasons[name] for name in QUALITY_FIELDS)
    assert row.encode_s is not None
    assert row.bitrate_kbps is not None
    assert row.parameters


class Fragile(Pcm16Codec):
    """Fails on tones, keeps state that `reset` must clear, and counts its calls."""

    def __init__(self) -> None:
        super().__init__()
        self.fresh = True
        self.calls = 0

    def reset(self) -> None:
        self.fresh = True

    def encode_payload(self, clip: AudioClip) -> bytes:
        assert self.fresh, "not reset before the call"
        self.fresh = False
        self.calls += 1
        if clip.sha256() == CLIPS[1].audio.sha256():
            raise CodecError("tones are beyond me")
        return super().encode_payload(clip)


def test_a_failure_is_a_row_and_the_rest_goes_on() -> None:
    codec = Fragile()
    good, bad = measured(codec)
    assert (good.status, bad.status) == ("ok", "failed")
    assert bad.reason == "encode: tones are beyond me"
    assert bad.stream_bytes is None
    assert bad.snr_db is None
    assert bad.encode_s is None
    assert bad.reasons["encode_s"] == "the codec failed"
    assert bad.reasons["snr_db"] == "the codec failed"
    assert codec.calls == 1 + CONDITION.rounds * 2  # one warm-up, then every clip every round


class Broken(Codec):
    """Raises what it should not, and returns what it must not."""

    def __init__(self) -> None:
        self.info = CodecInfo(
            spec="broken", family="broken", algorithmic_delay_samples=0, licence="MIT",
            reference="none",
        )  # fmt: skip
        self.output: Samples = np.zeros((1, 4), np.float32)

    def encode_payload(self, clip: AudioClip) -> bytes:
        if clip.n_samples == 1:
            raise ZeroDivisionError("oops")
        return b""

    def decode_payload(self, payload: bytes, header: StreamHeader) -> Samples:
        return self.output


def test_the_base_class_lets_no_foreign_error_and_no_wrong_output_pass() -> None:
    codec = Broken()
    with pytest.raises(CodecError, match="broken failed to encode: ZeroDivisionError: oops"):
        codec.encode(noise(1))
    stream = codec.encode(noise(5))
    with pytest.raises(CodecError, match=r"decoded shape \(1, 4\), the stream holds \(1, 5\)"):
        codec.decode(stream)
    codec.output = np.full((1, 5), np.nan, np.float32)
    with pytest.raises(CodecError, match="NaN or Inf"):
        codec.decode(stream)


def test_decode_alone_encodes_untimed() -> None:
    measurement = Measurement(Pcm16Codec(), CLIPS, CONDITION, Setup())
    measurement.decode(perf_counter_timer)
    row = measurement.rows("run", Scorer(workers=1), memory=False)[0]
    assert row.encode_s is None
    assert row.reasons["encode_s"] == "not timed in this run"
    assert row.decode_s is not None


def test_workers_score_like_one_process() -> None:
    jobs = [
        Job(
            clip.audio.samples,
            clip.audio.samples * np.float32(0.9),
            16_000,
            clip.clip_class,
            Setup().weights,
        )
        for clip in CLIPS
    ]
    with Scorer(workers=2) as pool:
        parallel = pool.score(jobs)
    alone = Scorer(workers=1).score(jobs)
    assert [s.values for s in parallel] == [pytest.approx(s.values) for s in alone]


def test_peak_memory_is_the_childs_own() -> None:
    ballast = np.ones(120_000_000, np.float32)  # 458 MiB that the child must not inherit
    peak = peak_memory_mib("pcm16", noise(1_000), Setup())
    assert ballast[0] == 1
    assert 20 < peak < 300
    with pytest.raises(MetricError, match="the process failed"):
        peak_memory_mib("no-such-codec", noise(1_000), Setup())
