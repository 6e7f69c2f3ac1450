"""Waveform metrics of signals whose figures are known."""

from __future__ import annotations

import numpy as np
import pytest

from codecmark import AudioClip, MetricError
from codecmark.metrics import rate, spectral, waveform
from entries import noise
from known_signals import RATE, with_noise


@pytest.mark.parametrize("level_db", [-6.0, 0.0, 10.0, 20.0, 60.0])
def test_snr_and_si_sdr_of_known_noise(level_db: float) -> None:
    clip = noise(RATE)
    noisy = with_noise(clip, level_db)
    assert waveform.snr_db(clip.samples, noisy, RATE) == pytest.approx(level_db, abs=0.01)
    assert waveform.si_sdr_db(clip.samples, noisy, RATE) == pytest.approx(level_db, abs=0.01)


def test_si_sdr_ignores_gain_and_snr_does_not() -> None:
    clip = noise(RATE)
    noisy = with_noise(clip, 20)
    half = (noisy * np.float32(0.5)).astype(np.float32)
    assert waveform.si_sdr_db(clip.samples, half, RATE) == pytest.approx(20, abs=0.01)
    assert waveform.snr_db(clip.samples, half, RATE) == pytest.approx(5.98, abs=0.05)
    assert waveform.si_sdr_db(clip.samples, -noisy, RATE) == pytest.approx(20, abs=0.01)


def test_silence_scores_exactly_zero_db() -> None:
    clip = noise(RATE)
    assert waveform.snr_db(clip.samples, np.zeros_like(clip.samples), RATE) == 0


def test_pcm_bits_give_six_db_each() -> None:
    clip = AudioClip(np.random.default_rng(0).uniform(-1, 1, (1, RATE)).astype(np.float32), RATE)
    levels = []
    for bits in (8, 12):
        step = 2.0 ** (1 - bits)
        coded = (np.floor(clip.samples / step) * step + step / 2).astype(np.float32)
        levels.append(waveform.snr_db(clip.samples, coded, RATE))
    assert levels[0] == pytest.approx(6.02 * 8, abs=0.1)
    assert levels[1] - levels[0] == pytest.approx(6.02 * 4, abs=0.1)


def test_equal_signals_are_infinite_and_say_so() -> None:
    clip = noise(RATE)
    for function in (waveform.snr_db, waveform.si_sdr_db, waveform.segmental_snr_db):
        with pytest.raises(MetricError, match="infinite: output equals input"):
            function(clip.samples, clip.samples, RATE)


def test_silent_references_are_refused() -> None:
    silent, clip = np.zeros((1, RATE), np.float32), noise(RATE).samples
    for function in (
        waveform.snr_db, waveform.si_sdr_db, waveform.segmental_snr_db, spectral.lsd_db,
        spectral.mel_distance_db,
    ):  # fmt: skip
        with pytest.raises(MetricError, match="reference is silent"):
            function(silent, clip, RATE)
    with pytest.raises(MetricError, match="constant"):
        waveform.correlation(silent, clip, RATE)


def test_segmental_snr_is_limited_and_skips_silence() -> None:
    clip = noise(RATE)
    assert waveform.segmental_snr_db(clip.samples, with_noise(clip, 60), RATE) == 35
    assert waveform.segmental_snr_db(clip.samples, with_noise(clip, -40), RATE) == -10
    half_silent = clip.samples.copy()
    half_silent[:, RATE // 2 :] = 0
    coded = half_silent * np.float32(1.1)  # 20 dB wherever there is signal
    assert waveform.segmental_snr_db(half_silent, coded, RATE) == pytest.approx(20, abs=0.01)


def test_correlation() -> None:
    clip = noise(RATE)
    assert waveform.correlation(clip.samples, clip.samples * 3, RATE) == pytest.approx(1)
    assert waveform.correlation(clip.samples, -clip.samples, RATE) == pytest.approx(-1)
    other = noise(RATE, seed=9)
    assert abs(waveform.correlation(clip.samples, other.samples, RATE)) < 0.03


def test_rates() -> None:
    assert rate.bitrate_kbps(15_000, 5.0) == 24
    assert rate.pcm16_bytes(80_000, 2) == 320_000
    assert rate.compression_ratio(160_000, 80_000) == 2
    assert rate.real_time_factor(0.5, 5.0) == 0.1
