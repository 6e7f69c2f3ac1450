"""The sentinels' figures are known, so a measurement that finds others is wrong."""

from __future__ import annotations

import numpy as np
import pytest

from codecmark import AudioClip, BitstreamError, corpus, create
from codecmark.bitstream import frame
from codecmark.clip import Samples
from codecmark.metrics.waveform import snr_db
from entries import noise

RATE_HZ = 16_000


def round_trip_snr_db(spec: str, clip: AudioClip) -> float:
    codec = create(spec)
    return snr_db(clip.samples, codec.decode(codec.encode(clip)).samples, clip.sample_rate_hz)


def sines(*parts: tuple[float, float], rate_hz: int = RATE_HZ) -> AudioClip:
    """Sines as (frequency in Hz, amplitude), 2 s, with soft ends."""
    time = np.arange(2 * rate_hz) / rate_hz
    samples = sum(a * np.sin(2 * np.pi * f * time) for f, a in parts) * np.hanning(len(time))
    return AudioClip(samples.astype(np.float32)[None], rate_hz).on_pcm16_grid()


def power(samples: Samples) -> float:
    return float(np.square(samples.astype(float)).sum())


@pytest.mark.parametrize(("spec", "snr"), [("silence", 0), ("noise@10db", 10), ("noise@20db", 20)])
def test_known_snr_on_every_class(spec: str, snr: float) -> None:
    by_class = {entry.clip_class: entry for entry in corpus.load()}
    assert len(by_class) == 3
    for entry in by_class.values():
        assert round_trip_snr_db(spec, entry.read().on_pcm16_grid()) == pytest.approx(snr, abs=1e-3)
    stereo = noise(8_000, channels=2, rate_hz=48_000)
    assert round_trip_snr_db(spec, stereo) == pytest.approx(snr, abs=1e-3)


def test_noise_is_white_and_belongs_to_its_clip() -> None:
    first, second = noise(16_000), noise(16_000, seed=1)
    codec = create("noise@10db")
    added = [codec.decode(codec.encode(clip)).samples - clip.samples for clip in (first, second)]
    assert abs(np.corrcoef(added[0], added[1])[0, 1]) < 0.05
    spectrum = np.square(np.abs(np.fft.rfft(added[0][0])))[1:].reshape(8, -1).sum(axis=1)
    assert 10 * np.log10(spectrum.max() / spectrum.min()) < 1


@pytest.mark.parametrize("bits", [6, 8, 12])
def test_six_decibels_a_bit(bits: int) -> None:
    low, high = -1 - 0.5**bits, 1 - 0.5**bits  # what the 2**bits levels stand for
    samples = np.random.default_rng(2).uniform(low, high, (1, 100_000)).astype(np.float32)
    found = round_trip_snr_db(f"pcm@{bits}bit", AudioClip(samples, RATE_HZ))
    assert found == pytest.approx(20 * np.log10(2) * bits, abs=0.05)


def test_bits_are_packed_and_sixteen_are_exact() -> None:
    clip = noise(1_001)
    for bits in (8, 12, 16):
        _, payload = frame.unpack(f"pcm@{bits}bit", create(f"pcm@{bits}bit").encode(clip))
        assert len(payload) == -(-1_001 * bits // 8)
    codec = create("pcm@16bit")
    assert np.array_equal(codec.decode(codec.encode(clip)).samples, clip.samples)


@pytest.mark.parametrize(("spec", "edge_hz"), [("lowpass@3.5k", 3_500), ("lowpass@7k", 7_000)])
@pytest.mark.parametrize("rate_hz", [16_000, 48_000])
def test_anchors_keep_to_their_template(spec: str, edge_hz: float, rate_hz: int) -> None:
    """ITU-R BS.1534: flat within 0.1 dB up to 3.5 kHz, 25 dB down at 4 kHz, 50 dB at 4.5 kHz."""
    codec = create(spec)
    for frequency_hz in (100, 0.5 * edge_hz, 0.995 * edge_hz):
        clip = sines((frequency_hz, 0.5), rate_hz=rate_hz)
        decoded = codec.decode(codec.encode(clip)).samples
        assert abs(10 * np.log10(power(decoded) / power(clip.samples))) < 0.05
        assert snr_db(clip.samples, decoded, rate_hz) > 45  # so nothing is delayed either
    for frequency_hz in (8 / 7 * edge_hz, 9 / 7 * edge_hz):
        if frequency_hz < rate_hz / 2:
            clip = sines((frequency_hz, 0.5), rate_hz=rate_hz)
            decoded = codec.decode(codec.encode(clip)).samples
            assert 10 * np.log10(power(clip.samples) / power(decoded)) > 50


def test_a_low_pass_loses_exactly_what_lies_above() -> None:
    clip = sines((1_000, 0.4), (6_000, 0.2))
    expected = 10 * np.log10((0.4**2 + 0.2**2) / 0.2**2)
    assert round_trip_snr_db("lowpass@3.5k", clip) == pytest.approx(expected, abs=0.05)


def test_a_clip_without_that_band_passes_unchanged() -> None:
    clip = noise(1_000, rate_hz=8_000)
    codec = create("lowpass@7k")
    assert np.array_equal(codec.decode(codec.encode(clip)).samples, clip.samples)


def test_silence_has_to_be_paid_for_and_is_silent() -> None:
    _, payload = frame.unpack("silence", create("silence").encode(noise(321)))
    assert payload == bytes(2)
    header = frame.StreamHeader(RATE_HZ, 1, 321)
    with pytest.raises(BitstreamError, match="not 321 samples of silence"):
        create("silence").decode(frame.pack("silence", header, b"\0\1"))
