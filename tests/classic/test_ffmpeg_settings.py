"""Opus, MP3 and AAC as they are asked for: bitrate or quality, frame length, application."""

from __future__ import annotations

import numpy as np
import pytest

from codecmark import AudioClip, InputError, catalog, create
from codecmark.bitstream import frame
from codecmark.classic.ffmpeg import _unpack
from codecmark.metrics.alignment import find_lag
from codecmark.metrics.perceptual import pesq_wb
from codecmark.metrics.waveform import snr_db
from codecmark.spec import without_setting


def packets(spec: str, clip: AudioClip) -> list[bytes]:
    _, payload = frame.unpack(spec, create(spec).encode(clip))
    return _unpack(payload)[2]


def kbps(spec: str, clip: AudioClip) -> float:
    return 8 * len(create(spec).encode(clip)) / clip.duration_s / 1_000


def decoded(spec: str, clip: AudioClip) -> AudioClip:
    codec = create(spec)
    return codec.decode(codec.encode(clip))


@pytest.mark.parametrize("frame_ms", [10, 20, 40, 60])
def test_packets_last_as_long_as_asked_and_so_does_the_delay(
    frame_ms: int, speech: AudioClip
) -> None:
    spec = "opus@16k-vbr" if frame_ms == 20 else f"opus@16k-vbr-{frame_ms}ms"
    count = len(packets(spec, speech))
    assert count == -(-(1_000 * speech.n_samples // 16_000 + 6.5) // frame_ms)
    assert create(spec).info.delay_ms(16_000) == frame_ms + 6.5


def test_constant_and_variable_packets(speech: AudioClip) -> None:
    assert len({len(packet) for packet in packets("opus@12k", speech)}) == 1
    assert len({len(packet) for packet in packets("opus@12k-vbr", speech)}) > 10
    for spec in ("opus@12k", "opus@12k-vbr", "opus@12k-vbr-60ms"):
        assert 11.5 < kbps(spec, speech) < 13
        assert create(spec).info.nominal_bitrate_kbps == 12


def test_speech_gains_by_variable_bitrate_and_long_frames(speech: AudioClip) -> None:
    """As published comparisons have it: FFmpeg's own defaults against constant bitrate."""
    constant, variable, long = (
        decoded(spec, speech) for spec in ("opus@12k", "opus@12k-vbr", "opus@12k-vbr-60ms")
    )
    scores = [pesq_wb(speech.samples, one.samples, 16_000) for one in (constant, variable, long)]
    assert scores[0] + 0.2 < scores[1] < scores[2] + 0.05
    assert kbps("opus@12k-vbr-60ms", speech) < kbps("opus@12k-vbr", speech)


def test_the_application_for_calls_shifts_the_phase(speech: AudioClip) -> None:
    snrs = [
        snr_db(speech.samples, decoded(spec, speech).samples, 16_000)
        for spec in ("opus@12k-vbr", "opus@12k-vbr-voip")
    ]
    assert snrs[1] < snrs[0] - 3
    assert "voip: its high-pass filter" in create("opus@12k-vbr-voip").info.notes


@pytest.mark.parametrize("rate_hz", [16_000, 48_000])
@pytest.mark.parametrize(
    "spec", ["opus@9k-vbr-60ms", "opus@16k-vbr-10ms", "opus@64k-vbr-60ms", "mp3@v2", "mp3@v6"]
)
def test_no_delay_is_left(spec: str, rate_hz: int, speech: AudioClip) -> None:
    clip = speech.resampled(rate_hz)
    found = find_lag(clip.samples, decoded(spec, clip).samples)
    assert found.confident
    assert found.lag_samples == 0


def test_a_quality_of_mp3_orders_rate_and_snr(speech: AudioClip) -> None:
    clip = speech.resampled(48_000)
    rates = [kbps(spec, clip) for spec in ("mp3@v0", "mp3@v4", "mp3@v9")]
    snrs = [
        snr_db(clip.samples, decoded(spec, clip).samples, 48_000)
        for spec in ("mp3@v0", "mp3@v4", "mp3@v9")
    ]
    assert rates == sorted(rates, reverse=True)
    assert snrs == sorted(snrs, reverse=True)
    assert create("mp3@v4").info.nominal_bitrate_kbps is None
    assert len({len(packet) for packet in packets("mp3@v4", clip)}) > 2


def test_mp3_codes_the_rates_that_it_takes(speech: AudioClip) -> None:
    for rate in (8, 24, 160):
        assert kbps(f"mp3@{rate}k", speech) == pytest.approx(rate, rel=0.04)


@pytest.mark.parametrize(
    ("written", "spec"),
    [
        ("opus@12.0k-60ms-vbr", "opus@12k-vbr-60ms"),
        ("opus@12k-20ms", "opus@12k"),
        ("opus@12k-voip-10ms-vbr", "opus@12k-vbr-10ms-voip"),
    ],
)
def test_one_codec_has_one_spec(written: str, spec: str, speech: AudioClip) -> None:
    assert create(written).info.spec == spec
    assert create(written).encode(speech) == create(spec).encode(speech)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("opus@12k-vbr-30ms", "opus takes vbr, one of 10ms, 20ms, 40ms, 60ms, and voip"),
        ("opus@12k-10ms-60ms", "each once, e.g. opus@12k-vbr-60ms"),
        ("opus@12k-vbr-vbr", "each once"),
        ("opus@12k-", "each once"),
        ("opus@vbr", "needs a bitrate in kbit/s"),
        ("opus@3k-vbr", "bitrate must be 6k to 256k"),
        ("mp3@17k", "MP3 has no such bitrate; use mp3@16k or mp3@24k"),
        ("mp3@500k", "bitrate must be 8k to 320k"),
        ("mp3@v10", "a quality from mp3@v0, the best, to mp3@v9"),
        ("mp3@32k-vbr", "a quality from mp3@v0, the best, to mp3@v9"),
        ("mp3", "needs a bitrate in kbit/s"),
        ("aac@32k-vbr", "aac takes a bitrate alone, e.g. aac@32k"),
    ],
)
def test_what_no_encoder_takes_is_refused_with_the_remedy(spec: str, message: str) -> None:
    with pytest.raises(InputError, match=f"spec: .*{message}"):
        create(spec)


def test_silence_and_stereo_in_every_listed_setting() -> None:
    silence = AudioClip(np.zeros((2, 4_000), np.float32), 48_000)
    for spec in catalog.all_specs():
        if spec.startswith(("opus", "mp3")):
            assert np.abs(decoded(spec, silence).samples).max() < 0.02


def test_a_way_to_spend_the_bits_is_a_curve_of_its_own() -> None:
    assert without_setting("opus@12k") == "opus"
    assert without_setting("opus@12k-vbr-60ms") == without_setting("opus@9k-vbr-60ms")
    assert without_setting("opus@12k-vbr-60ms") == "opus@vbr-60ms"
    assert without_setting("mel:16k-64+wave@8k-16k") == "mel:16k-64+wave"
